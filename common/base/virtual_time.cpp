#include "common/base/virtual_time.hpp"

#include <algorithm>

namespace fieldline {

class VirtualExecutor final : public Executor, public Worker {
 public:
  explicit VirtualExecutor(VirtualTime& world) : world_(world) {}
  ~VirtualExecutor() override { world_.drop(this); }

  void post(Task task) override { world_.schedule(this, Duration::zero(), std::move(task)); }
  TimerId after(Duration delay, Task task) override { return world_.schedule(this, delay, std::move(task)); }
  void cancel(TimerId timer) override { world_.cancel(timer); }
  [[nodiscard]] bool here() const override { return world_.running_ == this; }
  [[nodiscard]] const Clock& clock() const override { return world_.clock(); }

  [[nodiscard]] bool try_post(Task task) override {
    post(std::move(task));
    return true;
  }

 private:
  VirtualTime& world_;
};

VirtualTime::VirtualTime(Timestamp start) {
  clock_.start_ = start;
}

VirtualTime::~VirtualTime() = default;

std::unique_ptr<Executor> VirtualTime::executor() {
  return std::make_unique<VirtualExecutor>(*this);
}

std::unique_ptr<Worker> VirtualTime::worker() {
  return std::make_unique<VirtualExecutor>(*this);
}

std::uint64_t VirtualTime::schedule(const void* owner, Duration delay, Task task) {
  const auto id = next_id_++;
  const auto at = clock_.now_ + std::max(delay, Duration::zero());
  due_.emplace(Key{at, id}, Entry{owner, std::move(task)});
  when_.emplace(id, at);
  return id;
}

void VirtualTime::cancel(std::uint64_t id) {
  const auto found = when_.find(id);
  if (found == when_.end()) return;
  due_.erase({found->second, id});
  when_.erase(found);
}

void VirtualTime::drop(const void* owner) {
  std::erase_if(due_, [&](const auto& item) {
    if (item.second.owner != owner) return false;
    when_.erase(item.first.second);
    return true;
  });
}

bool VirtualTime::step(Instant until) {
  if (due_.empty() || due_.begin()->first.first > until) return false;
  auto entry = due_.extract(due_.begin());
  when_.erase(entry.key().second);
  clock_.now_ = entry.key().first;
  running_ = entry.mapped().owner;
  entry.mapped().task();
  running_ = nullptr;
  return true;
}

void VirtualTime::run_for(Duration span) {
  const auto end = clock_.now_ + span;
  while (step(end)) {
  }
  clock_.now_ = end;
}

bool VirtualTime::run_until(const std::function<bool()>& done, Duration limit) {
  const auto end = clock_.now_ + limit;
  while (!done()) {
    if (!step(end)) {
      clock_.now_ = end;
      return done();
    }
  }
  return true;
}

}  // namespace fieldline
