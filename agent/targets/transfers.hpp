// HTTP requests and mails on their way, all of them on one thread of libcurl's multi interface. Follows no
// redirection, takes no proxy from the environment, and checks every certificate. `begin` is for the loop,
// where answers are given; once this is destroyed none is.
#pragma once

#include <curl/curl.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/base/executor.hpp"
#include "common/base/result.hpp"
#include "common/base/time.hpp"

namespace fieldline::targets {

struct Transfer {
  std::string body{};
  std::vector<std::string> headers{};  // HTTP: whole lines
  std::string method{};                // HTTP; empty: a mail
  std::string password{};
  std::vector<std::string> recipients{};  // mail
  std::string sender{};                   // mail
  std::string target{};                   // whose it is, for nobody to take all the room
  Duration timeout{};
  std::string url{};
  std::string user{};      // empty: without
  bool encrypted = false;  // mail: goes over TLS or not at all
};

struct TransferEnd {
  bool completed = false;
  std::string failure{};  // why not, as libcurl says it; bears no secret
  bool too_large = false;
  int status = 0;  // HTTP's, or the last reply code of SMTP; 0: the server said nothing
  std::string body{};
  std::map<std::string, std::string> headers{};  // HTTP
  std::string reply{};                           // SMTP: the last line
  std::string refusal{};                         // SMTP: the last line of 4yz or 5yz
  std::vector<std::string> refused{};            // SMTP: recipients that the server did not take
  Duration retry_after{};                        // zero: it did not say
};

class Transfers {
 public:
  using Done = std::function<void(TransferEnd)>;

  // `authorities`: a file of certificates that are trusted; empty: the system's.
  Transfers(Executor& loop, std::string authorities);
  ~Transfers();
  Transfers(const Transfers&) = delete;
  Transfers& operator=(const Transfers&) = delete;

  // kExhausted when too many wait, or too many of its target.
  Result<> begin(Transfer transfer, Done done);

 private:
  class Course;

  void run();
  void admit();
  void finish(CURL* easy, CURLcode code);

  Executor& loop_;
  const std::string authorities_;
  std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)> multi_;
  std::map<CURL*, std::unique_ptr<Course>> under_way_;  // the thread's, as the next
  std::map<std::string, std::size_t> under_way_of_;     // by target

  std::mutex mutex_;
  std::deque<std::unique_ptr<Course>> waiting_;
  bool stopping_ = false;

  std::thread thread_;  // last: it uses all of them
};

}  // namespace fieldline::targets
