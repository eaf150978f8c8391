#include "common/net/admission.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "common/base/virtual_time.hpp"
#include "common/net/limits.hpp"

using namespace fieldline;
using namespace fieldline::net;
using namespace std::chrono_literals;

namespace {

bool waits(const Admission& admission, const std::string& key) {
  const auto pending = admission.pending();
  return std::any_of(pending.begin(), pending.end(),
                     [&](const auto& knock) { return knock.public_key == key; });
}

}  // namespace

TEST_CASE("a knock keeps its first time, its latest time and address, and how often it came") {
  VirtualTime time;
  Admission admission(time.clock());
  const auto start = time.clock().utc();
  admission.knock("key", "10.0.0.1");
  time.run_for(5s);
  admission.knock("key", "10.0.0.2");
  const auto pending = admission.pending();
  REQUIRE(pending.size() == 1);
  CHECK(pending[0].address == "10.0.0.2");
  CHECK(pending[0].first_seen == start);
  CHECK(pending[0].last_seen == start + 5s);
  CHECK(pending[0].count == 2);
}

TEST_CASE("an allowed key waits no more, a revoked one is not admitted and does not wait") {
  VirtualTime time;
  Admission admission(time.clock());
  admission.knock("key", "10.0.0.1");
  admission.allow("key");
  CHECK(admission.admits("key"));
  CHECK(admission.pending().empty());
  admission.revoke("key");
  CHECK_FALSE(admission.admits("key"));
  CHECK(admission.pending().empty());
}

TEST_CASE("the pending list is bounded and forgets who was silent longest") {
  VirtualTime time;
  Admission admission(time.clock());
  for (std::size_t i = 0; i < kMaxPending; ++i) {
    admission.knock("key " + std::to_string(i), "10.0.1." + std::to_string(i));
    time.run_for(1s);
  }
  admission.knock("key 0", "10.0.1.0");
  admission.knock("late", "10.0.2.1");
  CHECK(admission.pending().size() == kMaxPending);
  CHECK(waits(admission, "late"));
  CHECK(waits(admission, "key 0"));
  CHECK_FALSE(waits(admission, "key 1"));
}

TEST_CASE("a stranger who makes keys without end pushes out only his own") {
  VirtualTime time;
  Admission admission(time.clock());
  admission.knock("new site", "10.0.0.9");
  int told = 0;
  admission.on_unknown([&](const Admission::Knock& knock) { told += knock.address == "10.6.6.6" ? 1 : 0; });
  for (int i = 0; i < 1000; ++i) {
    time.run_for(1s);
    admission.knock("made up " + std::to_string(i), "10.6.6.6");
  }
  CHECK(admission.pending().size() == kMaxPendingPerAddress + 1);
  CHECK(waits(admission, "new site"));
  CHECK(told == 1000);
}
