#include "coordinator/security/passwords.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <optional>

#include "common/base/virtual_time.hpp"
#include "coordinator/security/limits.hpp"

namespace fieldline::security {
namespace {

using namespace std::chrono_literals;

constexpr Passwords::Cost kCheap{.operations = 1, .bytes = 8192};

// Has all that it takes already.
class BusyWorker final : public Worker {
 public:
  [[nodiscard]] bool try_post(Task) override { return false; }
};

struct Office {
  explicit Office(Passwords::Cost cost) : passwords(*worker, *loop, cost) {}

  std::string hash(const std::string& password) {
    std::string made;
    passwords.hash(password, [&](const Result<std::string>& outcome) { made = outcome.value(); });
    time.run_for(1s);
    return made;
  }
  bool check(const std::string& password, const std::string& hashed) {
    std::optional<bool> right;
    passwords.check(password, hashed, [&](const Result<bool>& outcome) { right = outcome.value(); });
    time.run_for(1s);
    return right.value();
  }

  VirtualTime time;
  std::unique_ptr<Executor> loop = time.executor();
  std::unique_ptr<Worker> worker = time.worker();
  Passwords passwords;
};

std::chrono::nanoseconds cpu_time(const std::function<void()>& work) {
  timespec before{};
  timespec after{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
  work();
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
  return std::chrono::seconds(after.tv_sec - before.tv_sec) +
         std::chrono::nanoseconds(after.tv_nsec - before.tv_nsec);
}

}  // namespace

TEST_CASE("a password is known by its hash, which is another one each time") {
  Office office(kCheap);
  const auto hash = office.hash("correct horse");
  CHECK(hash.starts_with("$argon2id$v=19$"));
  CHECK(hash.find("correct") == std::string::npos);
  CHECK(office.hash("correct horse") != hash);
  CHECK(office.check("correct horse", hash));
  CHECK_FALSE(office.check("correct house", hash));
  CHECK_FALSE(office.check("", hash));
}

TEST_CASE("nobody's password is never right, and takes as long to find wrong") {
  Office office(Passwords::Cost{});
  const auto hash = office.hash("correct horse");
  CHECK(hash.starts_with("$argon2id$v=19$m=262144,t=3,p=1$"));
  const auto somebody = cpu_time([&] { CHECK_FALSE(office.check("wrong horse", hash)); });
  const auto nobody = cpu_time([&] { CHECK_FALSE(office.check("wrong horse", "")); });
  CHECK(nobody > somebody / 2);
  CHECK(nobody < somebody * 2);
}

TEST_CASE("when too many wait, a password is neither hashed nor checked") {
  VirtualTime time;
  const auto loop = time.executor();
  BusyWorker worker;
  Passwords passwords(worker, *loop, kCheap);
  std::vector<ErrorCode> refused;
  passwords.hash("correct horse",
                 [&](const Result<std::string>& outcome) { refused.push_back(outcome.error().code); });
  passwords.check("correct horse", "",
                  [&](const Result<bool>& outcome) { refused.push_back(outcome.error().code); });
  CHECK(refused.empty());
  time.run_for(1s);
  CHECK(refused == std::vector{ErrorCode::kExhausted, ErrorCode::kExhausted});
}

TEST_CASE("a new password is neither short nor endless") {
  CHECK(check_new_password(std::string(kShortestPassword, 'x'), "/password"));
  CHECK(check_new_password(std::string(kLongestPassword, 'x'), "/password"));
  CHECK_FALSE(check_new_password(std::string(kShortestPassword - 1, 'x'), "/password"));
  CHECK_FALSE(check_new_password(std::string(kLongestPassword + 1, 'x'), "/password"));
  CHECK_FALSE(check_new_password("\xff\xff\xff\xff\xff\xff\xff\xff\xff", "/password"));
}

}  // namespace fieldline::security
