#include "agent/targets/transfers.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <utility>

#include "agent/targets/limits.hpp"
#include "agent/targets/text.hpp"
#include "common/base/check.hpp"
#include "common/base/worker.hpp"

namespace fieldline::targets {
namespace {

constexpr int kPollMilliseconds = 1000;

long milliseconds(Duration duration) {
  return static_cast<long>(std::chrono::ceil<std::chrono::milliseconds>(duration).count());
}

struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, ListDeleter>;

List list_of(const std::vector<std::string>& lines) {
  List list;
  for (const auto& line : lines) {
    auto* longer = curl_slist_append(list.get(), line.c_str());
    FIELDLINE_CHECK(longer != nullptr);
    static_cast<void>(list.release());
    list.reset(longer);
  }
  return list;
}

}  // namespace

// One transfer and its handle; on the thread from the moment it is admitted.
class Transfers::Course {
 public:
  Course(Transfer transfer, Done when_done)
      : done(std::move(when_done)),
        transfer_(std::move(transfer)),
        headers_(list_of(transfer_.headers)),
        recipients_(list_of(transfer_.recipients)),
        easy_(curl_easy_init(), &curl_easy_cleanup) {
    FIELDLINE_CHECK(easy_ != nullptr);
  }

  CURL* prepare(const std::string& authorities) {
    set(CURLOPT_URL, transfer_.url.c_str());
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_PROXY, "");
    set(CURLOPT_ERRORBUFFER, said_.data());
    set(CURLOPT_TIMEOUT_MS, milliseconds(transfer_.timeout));
    set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(std::min(transfer_.timeout, kConnectTimeout)));
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(CURLOPT_HEADERFUNCTION, &Course::take_header);
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_WRITEFUNCTION, &Course::take_body);
    set(CURLOPT_WRITEDATA, this);
    if (!authorities.empty()) set(CURLOPT_CAINFO, authorities.c_str());
    if (!transfer_.user.empty()) {
      set(CURLOPT_USERNAME, transfer_.user.c_str());
      set(CURLOPT_PASSWORD, transfer_.password.c_str());
    }
    transfer_.method.empty() ? prepare_mail() : prepare_http();
    return easy_.get();
  }

  TransferEnd end(CURLcode code) {
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    curl_off_t retry_after = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RETRY_AFTER, &retry_after);
    end_.completed = code == CURLE_OK;
    end_.status = static_cast<int>(status);
    end_.retry_after = std::chrono::seconds(std::clamp<curl_off_t>(retry_after, 0, kLongestWish.count()));
    if (end_.too_large) {
      end_.failure = fmt::format("the answer is longer than {} bytes, or its headers than {}", kAnswerBytes,
                                 kHeaderBytes);
    } else if (code != CURLE_OK) {
      end_.failure =
          reason_of(said_.front() != '\0' ? said_.data() : curl_easy_strerror(code), transfer_.password);
    }
    return std::move(end_);
  }

  [[nodiscard]] const std::string& target() const { return transfer_.target; }

  Done done;

 private:
  // A target that wishes for more than a day is taken at a day.
  static constexpr std::chrono::seconds kLongestWish{24 * 3600};

  template <class T>
  void set(CURLoption option, T value) {
    FIELDLINE_CHECK(curl_easy_setopt(easy_.get(), option, value) == CURLE_OK);
  }

  void prepare_http() {
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    set(CURLOPT_HTTPHEADER, headers_.get());
    if (transfer_.method == "GET" || (transfer_.method == "DELETE" && transfer_.body.empty())) {
      set(CURLOPT_HTTPGET, 1L);
    } else {
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(transfer_.body.size()));
      set(CURLOPT_POSTFIELDS, transfer_.body.c_str());
    }
    set(CURLOPT_CUSTOMREQUEST, transfer_.method.c_str());
  }

  void prepare_mail() {
    set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    set(CURLOPT_USE_SSL, static_cast<long>(transfer_.encrypted ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    set(CURLOPT_MAIL_FROM, transfer_.sender.c_str());
    set(CURLOPT_MAIL_RCPT, recipients_.get());
    set(CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
    // Whom a reply is about only the command before it says.
    set(CURLOPT_VERBOSE, 1L);
    set(CURLOPT_DEBUGFUNCTION, &Course::see_command);
    set(CURLOPT_DEBUGDATA, this);
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_READFUNCTION, &Course::give_body);
    set(CURLOPT_READDATA, this);
    set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(transfer_.body.size()));
  }

  static int see_command(CURL*, curl_infotype kind, char* bytes, std::size_t size, void* user) {
    constexpr std::string_view kRecipient = "RCPT TO:<";
    if (kind != CURLINFO_HEADER_OUT) return 0;
    auto& recipient = static_cast<Course*>(user)->recipient_;
    std::string_view command(bytes, size);
    recipient.clear();
    if (!command.starts_with(kRecipient)) return 0;
    command.remove_prefix(kRecipient.size());
    recipient = command.substr(0, command.find('>'));
    return 0;
  }
  static std::size_t take_header(const char* bytes, std::size_t size, std::size_t count, void* user) {
    return static_cast<Course*>(user)->header({bytes, size * count}) ? size * count : 0;
  }
  static std::size_t take_body(const char* bytes, std::size_t size, std::size_t count, void* user) {
    auto& end = static_cast<Course*>(user)->end_;
    end.too_large = end.too_large || end.body.size() + size * count > kAnswerBytes;
    if (end.too_large) return 0;
    end.body.append(bytes, size * count);
    return size * count;
  }
  static std::size_t give_body(char* room, std::size_t size, std::size_t count, void* user) {
    auto& course = *static_cast<Course*>(user);
    const auto piece = std::string_view(course.transfer_.body).substr(course.given_, size * count);
    std::copy(piece.begin(), piece.end(), room);
    course.given_ += piece.size();
    return piece.size();
  }

  bool header(std::string_view line) {
    header_bytes_ += line.size();
    end_.too_large = end_.too_large || header_bytes_ > kHeaderBytes;
    if (end_.too_large) return false;
    while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
    if (transfer_.method.empty()) {
      take_reply(line);
    } else if (line.starts_with("HTTP/")) {
      end_.headers.clear();  // those before were of an interim answer
    } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
      auto value = line.substr(colon + 1);
      value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
      end_.headers[lower(line.substr(0, colon))] = std::string(value);
    }
    return true;
  }

  void take_reply(std::string_view line) {
    end_.reply = reason_of(line, transfer_.password);
    if (!line.starts_with('4') && !line.starts_with('5')) return;
    end_.refusal = end_.reply;
    const bool goes_on = line.size() > 3 && line[3] == '-';
    if (!goes_on && !recipient_.empty()) end_.refused.push_back(recipient_);
  }

  const Transfer transfer_;
  const List headers_;
  const List recipients_;
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy_;
  std::array<char, CURL_ERROR_SIZE> said_{};
  std::size_t given_ = 0;
  std::size_t header_bytes_ = 0;
  std::string recipient_;  // of the last command
  TransferEnd end_;
};

Transfers::Transfers(Executor& loop, std::string authorities)
    : loop_(loop), authorities_(std::move(authorities)), multi_(nullptr, &curl_multi_cleanup) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  FIELDLINE_CHECK(ready == CURLE_OK);
  multi_.reset(curl_multi_init());
  FIELDLINE_CHECK(multi_ != nullptr);
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(kTransfers));
  thread_ = std::thread([this] { run(); });
}

Transfers::~Transfers() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    curl_multi_wakeup(multi_.get());  // the thread takes it down from here on
  }
  thread_.join();
}

Result<> Transfers::begin(Transfer transfer, Done done) {
  auto course = std::make_unique<Course>(std::move(transfer), std::move(done));
  {
    const std::lock_guard lock(mutex_);
    const auto of_target = std::ranges::count(waiting_, course->target(), &Course::target);
    if (waiting_.size() >= kTransfersWaiting || std::cmp_greater_equal(of_target, kTransfersOfOneWaiting)) {
      return fail(ErrorCode::kExhausted, "too many requests to other systems wait");
    }
    waiting_.push_back(std::move(course));
  }
  curl_multi_wakeup(multi_.get());
  return {};
}

void Transfers::run() {
  name_thread("transfers");
  // OpenSSL writes to whoever has hung up, and libcurl leaves this signal to who forbids it signals.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) break;
      admit();
    }
    int running = 0;
    curl_multi_perform(multi_.get(), &running);
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg == CURLMSG_DONE) finish(message->easy_handle, message->data.result);
    }
    curl_multi_poll(multi_.get(), nullptr, 0, kPollMilliseconds, nullptr);
  }
  for (const auto& [easy, course] : under_way_) curl_multi_remove_handle(multi_.get(), easy);
  under_way_.clear();
  multi_.reset();  // here too: it says goodbye on the connections that it kept
}

void Transfers::admit() {
  for (auto next = waiting_.begin(); next != waiting_.end() && under_way_.size() < kTransfers;) {
    auto& of_target = under_way_of_[(*next)->target()];
    if (of_target >= kTransfersOfOne) {
      ++next;
      continue;
    }
    ++of_target;
    CURL* easy = (*next)->prepare(authorities_);
    under_way_.emplace(easy, std::move(*next));
    next = waiting_.erase(next);
    FIELDLINE_CHECK(curl_multi_add_handle(multi_.get(), easy) == CURLM_OK);
  }
}

void Transfers::finish(CURL* easy, CURLcode code) {
  auto course = under_way_.extract(easy);
  const auto of_target = under_way_of_.find(course.mapped()->target());
  if (--of_target->second == 0) under_way_of_.erase(of_target);
  curl_multi_remove_handle(multi_.get(), easy);
  loop_.post([done = std::move(course.mapped()->done),
              end = std::make_shared<TransferEnd>(course.mapped()->end(code))] { done(std::move(*end)); });
  curl_multi_wakeup(multi_.get());  // one that waits may begin
}

}  // namespace fieldline::targets
