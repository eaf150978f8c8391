#include "common/net/loop.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>
#include <zmq.hpp>

#include "common/base/check.hpp"

namespace fieldline::net {
namespace {

// What epoll says besides the number of a watch; those count from kFirstWatch.
constexpr std::uint64_t kWoken = 1;
constexpr std::uint64_t kSignalled = 2;
constexpr std::uint64_t kFirstWatch = 3;

int checked(int fd) {
  FIELDLINE_CHECK(fd >= 0);
  return fd;
}

void listen(int epoll, int fd, std::uint32_t events, std::uint64_t tag) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag;
  FIELDLINE_CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
}

std::unique_ptr<zmq::context_t> make_context(const Loop::Options& options) {
  auto context = std::make_unique<zmq::context_t>(options.io_threads);
  context->set(zmq::ctxopt::max_sockets, options.max_sockets);
  return context;
}

}  // namespace

Descriptor::~Descriptor() {
  ::close(fd_);
}

Loop::Loop(Options options)
    : context_(make_context(options)),
      epoll_(checked(epoll_create1(EPOLL_CLOEXEC))),
      wake_(checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))),
      last_watch_(kFirstWatch) {
  listen(epoll_.get(), wake_.get(), EPOLLIN, kWoken);
}

Loop::~Loop() {
  // The context would wait for its sockets for ever.
  FIELDLINE_CHECK(watches_.empty());
  if (signals_) pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
}

void Loop::run() {
  while (!run_until([] { return false; }, kLongestSleep) && !stopping_) {
  }
}

bool Loop::run_until(const std::function<bool()>& done, Duration limit) {
  const auto before = thread_.exchange(std::this_thread::get_id());
  FIELDLINE_CHECK(before == std::thread::id());
  const auto end = clock_.now() + limit;
  bool held = done();
  while (!held && !stopping_ && clock_.now() < end) {
    turn(end - clock_.now());
    held = done();
  }
  thread_ = std::thread::id();
  return held;
}

void Loop::stop() {
  stopping_ = true;
  wake();
}

void Loop::stop_on_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  FIELDLINE_CHECK(signals_ == nullptr);
  FIELDLINE_CHECK(pthread_sigmask(SIG_BLOCK, &set, &mask_before_) == 0);
  signals_ = std::make_unique<Descriptor>(checked(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)));
  listen(epoll_.get(), signals_->get(), EPOLLIN, kSignalled);
}

void Loop::post(Task task) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = posted_.empty();
    posted_.push_back(std::move(task));
  }
  if (first && !here()) wake();
}

Executor::TimerId Loop::after(Duration delay, Task task) {
  const auto due = clock_.now() + std::max(delay, Duration::zero());
  TimerId id = 0;
  {
    const std::lock_guard lock(mutex_);
    id = ++last_timer_;
    timers_.add(id, due, std::move(task));
  }
  if (!here()) wake();
  return id;
}

void Loop::cancel(TimerId timer) {
  FIELDLINE_DCHECK(may_touch());
  const std::lock_guard lock(mutex_);
  timers_.cancel(timer);
}

bool Loop::here() const {
  return thread_.load() == std::this_thread::get_id();
}

bool Loop::may_touch() const {
  const auto thread = thread_.load();
  return thread == std::thread::id() || thread == std::this_thread::get_id();
}

void Loop::watch(Source& source, int fd) {
  FIELDLINE_DCHECK(may_touch());
  FIELDLINE_CHECK(source.watch_ == 0);
  source.watch_ = ++last_watch_;
  watches_.emplace(source.watch_, Watch{&source, false});
  listen(epoll_.get(), fd, EPOLLIN | EPOLLET, source.watch_);
  touch(source);
}

void Loop::unwatch(Source& source, int fd) {
  FIELDLINE_DCHECK(may_touch());
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  watches_.erase(std::exchange(source.watch_, 0));
}

void Loop::touch(Source& source) {
  mark_ready(source.watch_);
}

void Loop::mark_ready(std::uint64_t watch) {
  const auto found = watches_.find(watch);
  if (found == watches_.end() || std::exchange(found->second.ready, true)) return;
  ready_.push_back(watch);
}

void Loop::turn(Duration longest_sleep) {
  sleep(longest_sleep);
  run_posted();
  run_due();
  serve_ready();
}

void Loop::run_posted() {
  std::vector<Task> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(posted_);
  }
  for (auto& task : tasks) task();
}

void Loop::run_due() {
  // One at a time, so that a task can cancel one that is due in the same turn.
  const auto now = clock_.now();
  for (;;) {
    std::optional<Task> task;
    {
      const std::lock_guard lock(mutex_);
      task = timers_.take_due(now);
    }
    if (!task) return;
    (*task)();
  }
}

void Loop::serve_ready() {
  // A source may go during its own or another's turn: watches are looked up again each time.
  for (const auto watch : std::exchange(ready_, {})) {
    const auto found = watches_.find(watch);
    if (found == watches_.end()) continue;
    found->second.ready = false;
    if (found->second.source->take_turn()) mark_ready(watch);
  }
}

void Loop::sleep(Duration longest) {
  std::array<epoll_event, kEventsPerTurn> events;
  const auto wait =
      std::chrono::ceil<std::chrono::milliseconds>(time_to_next(std::min(longest, kLongestSleep)));
  const int count = epoll_wait(epoll_.get(), events.data(), kEventsPerTurn, static_cast<int>(wait.count()));
  for (int i = 0; i < count; ++i) {
    const auto tag = events[static_cast<std::size_t>(i)].data.u64;
    if (tag == kWoken) {
      std::uint64_t wakes = 0;
      [[maybe_unused]] const auto got = ::read(wake_.get(), &wakes, sizeof wakes);
    } else if (tag == kSignalled) {
      take_signals();
    } else {
      mark_ready(tag);
    }
  }
}

void Loop::take_signals() {
  // Taken, or they would strike when the destructor lets signals through again.
  signalfd_siginfo taken;
  while (::read(signals_->get(), &taken, sizeof taken) > 0) stopping_ = true;
}

Duration Loop::time_to_next(Duration longest) {
  if (!ready_.empty()) return Duration::zero();
  const std::lock_guard lock(mutex_);
  if (!posted_.empty()) return Duration::zero();
  const auto next = timers_.next_due();
  return next ? std::clamp(*next - clock_.now(), Duration::zero(), longest) : longest;
}

void Loop::wake() {
  // It fails only when the counter is full: the loop is awake then.
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

}  // namespace fieldline::net
