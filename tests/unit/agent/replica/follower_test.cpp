#include "agent/replica/follower.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "agent/replica/limits.hpp"

using namespace fieldline;
using namespace fieldline::replica;
using namespace std::chrono_literals;

namespace {

// A follower, the journal that it writes to, and what it said last.
class Standby {
 public:
  Standby() : state(start(0)) { tell(Follow{2}); }

  void tell(Event event) { said = step(state, std::move(event), now, followed); }
  void tick(Duration later) {
    now += later;
    tell(Tick{});
  }
  void hear(Place from, Place through, std::uint64_t epoch = 3, const std::string& journal = "j") {
    tell(Streamed{portion(from, through, epoch, journal)});
  }
  void beacon(Place newest, std::uint64_t epoch = 3) {
    tell(Streamed{{{"j", "s", epoch, newest}, newest, {}, 0}});
  }
  void page(Place from, Place through, Place newest, bool gap = false) {
    tell(Paged{state.resync.number, gap, newest, portion(from, through)});
  }
  // The write under way is done.
  void write(bool done = true) {
    const auto kind = state.write;
    REQUIRE(kind != State::Write::kNone);
    if (done && kind == State::Write::kApply && !state.snapshot.open) followed = state.writing;
    if (done && kind == State::Write::kBegin) followed = {state.writing.journal, "", 0, 0};
    if (done && kind == State::Write::kEnd) followed = state.writing;
    tell(Written{done});
  }

  template <class T>
  [[nodiscard]] const T* says() const {
    for (const auto& action : said) {
      if (const auto* found = std::get_if<T>(&action)) return found;
    }
    return nullptr;
  }
  // The places that it applies now, and where it then is.
  [[nodiscard]] std::vector<Place> applies() const {
    std::vector<Place> places;
    if (const auto* apply = says<Apply>()) {
      for (const auto& record : apply->records) places.push_back(record.place);
      places.push_back(apply->reach.place);
    }
    return places;
  }
  [[nodiscard]] Place asks() const {
    const auto* ask = says<Ask>();
    return ask == nullptr ? -1 : ask->query.after;
  }

  static Portion portion(Place from, Place through, std::uint64_t epoch = 3,
                         const std::string& journal = "j") {
    Portion portion{{journal, "s", epoch, through}, from, {}, 1000};
    for (auto place = from + 1; place <= through; ++place) {
      journal::Record record;
      record.place = place;
      portion.records.push_back(record);
    }
    return portion;
  }

  Instant now{};
  Reach followed{"j", "s", 3, 100};
  State state;
  Actions said;
};

using Places = std::vector<Place>;

}  // namespace

TEST_CASE("what joins is applied, and what comes meanwhile goes with the next write") {
  Standby standby;
  standby.hear(100, 102);
  CHECK(standby.applies() == Places{101, 102, 102});
  standby.hear(102, 103);
  standby.hear(103, 105);
  CHECK(standby.applies().empty());
  standby.write();
  CHECK(standby.says<Moved>() != nullptr);
  CHECK(standby.applies() == Places{103, 104, 105, 105});
  CHECK(standby.state.mode == Mode::kFollowing);
}

TEST_CASE("a gap in the stream is asked for, and the stream joined where the pages meet it") {
  Standby standby;
  standby.hear(103, 105);
  CHECK(standby.asks() == 100);
  standby.hear(105, 107);
  CHECK(standby.applies().empty());
  standby.page(100, 104, 107);
  CHECK(standby.applies() == Places{101, 102, 103, 104, 104});
  standby.write();
  // Of the stream's batch only what is new.
  CHECK(standby.applies() == Places{105, 106, 107, 107});
  CHECK(standby.state.mode == Mode::kFollowing);
}

TEST_CASE("a beacon ahead shows a lost tail; one that is level shows nothing") {
  Standby standby;
  standby.beacon(100);
  CHECK(standby.asks() == -1);
  CHECK(standby.state.mode == Mode::kFollowing);
  standby.beacon(104);
  CHECK(standby.asks() == 100);
  CHECK(lag(standby.state) == 4);
}

TEST_CASE("a new stream that ends before what is here is of a file that was set back: all of it is taken") {
  Standby standby;
  const auto anew = [](Place newest) { return Streamed{{{"j", "anew", 4, newest}, newest, {}, 0}}; };
  SECTION("heard while it followed the old one") {
    standby.beacon(100);
    standby.tell(anew(97));
  }
  SECTION("heard first") {
    standby.tell(anew(97));
  }
  REQUIRE(standby.says<BeginSnapshot>() != nullptr);
  CHECK(standby.says<BeginSnapshot>()->set_back);
  standby.write(false);
  standby.tell(anew(120));
  standby.tick(5s);
  REQUIRE(standby.says<BeginSnapshot>() != nullptr);
  CHECK(standby.says<BeginSnapshot>()->set_back);
  standby.write();
  CHECK(standby.asks() == 0);
}

TEST_CASE("a new stream that begins where the old one ended goes on") {
  Standby standby;
  standby.tell(Streamed{{{"j", "anew", 4, 100}, 100, {}, 0}});
  CHECK(standby.says<BeginSnapshot>() == nullptr);
  CHECK(standby.state.mode == Mode::kFollowing);
}

TEST_CASE("a later epoch without a record is applied too, and an older one is refused from then on") {
  Standby standby;
  standby.beacon(100, 5);
  REQUIRE(standby.says<Apply>() != nullptr);
  CHECK(standby.says<Apply>()->reach == Reach{"j", "s", 5, 100});
  standby.write();
  standby.hear(100, 101, 4);
  CHECK(standby.applies().empty());
  CHECK(standby.state.refused == 1);
}

TEST_CASE("a page that is lost, or does not come, is asked for again; a window of pages is open") {
  Standby standby;
  standby.beacon(200);
  REQUIRE(standby.says<Ask>() != nullptr);
  CHECK(standby.says<Ask>()->query.window == kResyncWindow);
  const auto first = standby.state.resync.number;
  standby.page(120, 130, 200);
  CHECK(standby.asks() == 100);
  CHECK(standby.state.resync.number != first);
  standby.tick(kPatience - 1ms);
  CHECK(standby.asks() == -1);
  standby.tick(1ms);
  CHECK(standby.asks() == 100);
  standby.page(100, 120, 200);
  standby.write();
  CHECK(standby.asks() == 120);  // room for one more
}

TEST_CASE("a page of an earlier question is not taken for one of the last") {
  Standby standby;
  standby.beacon(200);
  const auto number = standby.state.resync.number;
  standby.tick(kPatience);
  standby.tell(Paged{number, false, 200, Standby::portion(100, 120)});
  CHECK(standby.applies().empty());
}

TEST_CASE("a snapshot ends with the last of its pages, and not where the stream is met") {
  Standby standby;
  standby.hear(500, 502, 3, "another");
  REQUIRE(standby.says<BeginSnapshot>() != nullptr);
  CHECK(standby.says<BeginSnapshot>()->journal == "another");
  standby.write();
  CHECK(standby.asks() == 0);
  const auto page = [&](Place from, Place through, Place newest) {
    standby.tell(
        Paged{standby.state.resync.number, false, newest, Standby::portion(from, through, 3, "another")});
  };
  page(0, 501, 502);
  standby.write();
  CHECK(standby.says<EndSnapshot>() == nullptr);
  page(501, 502, 502);
  standby.write();
  CHECK(standby.says<EndSnapshot>() != nullptr);
  standby.write();
  CHECK(standby.state.mode == Mode::kFollowing);
  CHECK(standby.followed == Reach{"another", "s", 3, 502});
}

TEST_CASE("what does not reach back is taken whole") {
  Standby standby;
  standby.beacon(90'000);
  standby.page(100, 100, 0, true);
  REQUIRE(standby.says<BeginSnapshot>() != nullptr);
  standby.write();
  CHECK(standby.asks() == 0);
  CHECK_FALSE(lag(standby.state));
}

TEST_CASE("a write that fails is not tried again at once, and what it had is asked for") {
  Standby standby;
  standby.hear(100, 102);
  standby.write(false);
  CHECK(standby.asks() == 100);
  standby.page(100, 102, 102);
  CHECK(standby.applies().empty());
  standby.tick(kPatience);
  CHECK(standby.applies() == Places{101, 102, 102});
}

TEST_CASE("a node that has written itself takes a snapshot, in the middle of one too") {
  Standby standby;
  standby.hear(100, 102);
  standby.followed.place = 0;
  standby.write(false);
  standby.tick(kPatience);
  REQUIRE(standby.says<BeginSnapshot>() != nullptr);
  standby.write();
  standby.page(0, 102, 102);
  standby.write(false);
  standby.tick(kPatience);
  CHECK(standby.says<BeginSnapshot>() != nullptr);
}

TEST_CASE("of the stream no more is kept during a resync than there is room for; then pages bring it") {
  Standby standby;
  standby.hear(150, 151);
  Place end = 151;
  for (std::size_t bytes = 0; bytes < 2 * kLiveBytes; bytes += 1000, ++end) standby.hear(end, end + 1);
  CHECK(standby.state.overflows > 0);
  CHECK(standby.state.live_bytes <= kLiveBytes);
  standby.page(100, 1000, end);
  standby.write();
  CHECK(standby.state.mode == Mode::kResyncing);
  CHECK(standby.asks() == 1000);
  standby.page(1000, end, end);
  standby.write();
  CHECK(standby.state.mode == Mode::kFollowing);
  CHECK(standby.state.cursor == end);
}

TEST_CASE("a node that serves applies nothing more") {
  Standby standby;
  standby.hear(100, 101);
  standby.tell(Rest{});
  standby.hear(101, 102);
  standby.write();
  CHECK(standby.applies().empty());
  CHECK(standby.says<Ask>() == nullptr);
  // Later it goes on where it was.
  standby.tell(Follow{4});
  standby.hear(101, 102, 5);
  CHECK(standby.applies() == Places{102, 102});
}

TEST_CASE("in line, a standby offers what the other may not have, until it is asked for nothing more") {
  Standby standby;
  standby.beacon(100);
  REQUIRE(standby.says<ReadUnshared>() != nullptr);
  journal::Record message;
  message.place = 88;
  standby.tell(Unshared{true, {message}, 90});
  REQUIRE(standby.says<Offer>() != nullptr);
  const auto number = standby.says<Offer>()->number;
  standby.tick(kPatience);
  REQUIRE(standby.says<Offer>() != nullptr);  // no answer: again
  CHECK(standby.says<Offer>()->number == number);
  standby.tell(Answered{{{MessageFate::kDelivered}, number + 1}});
  CHECK(standby.says<Resolve>() == nullptr);
  standby.tell(Answered{{{}, number}});
  CHECK(standby.says<Resolve>() == nullptr);
  standby.tell(Answered{{{MessageFate::kDelivered}, number}});
  REQUIRE(standby.says<Resolve>() != nullptr);
  CHECK(standby.says<Resolve>()->places == Places{88});
  CHECK(standby.says<Resolve>()->fates == std::vector{journal::Fate::kDelivered});
  standby.tell(Resolved{true});
  REQUIRE(standby.says<ReadUnshared>() != nullptr);
  CHECK(standby.says<ReadUnshared>()->after == 90);
  standby.tell(Unshared{true, {}, 100});
  REQUIRE(standby.says<ReadUnshared>() != nullptr);
  CHECK(standby.says<ReadUnshared>()->after == 0);
  standby.tell(Unshared{true, {}, 100});
  CHECK(standby.says<ReadUnshared>() == nullptr);
}

TEST_CASE("it acknowledges what is on its disk, each second and when the other waits for it") {
  Standby standby;
  standby.hear(100, 102);
  standby.tick(1s);
  REQUIRE(standby.says<Ack>() != nullptr);
  CHECK(standby.says<Ack>()->place == 100);
  standby.write();
  standby.tell(Hurry{});
  REQUIRE(standby.says<Ack>() != nullptr);
  CHECK(standby.says<Ack>()->place == 102);
}
