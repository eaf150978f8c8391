// Journals whose files changed on the disk: what is found there is what was accepted, or it is known to be
// damaged, or the file as a whole is.
#include <algorithm>
#include <fstream>
#include <ios>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include "agent/journal/journal.hpp"
#include "agent/journal/schema.hpp"
#include "common/base/random.hpp"
#include "common/base/virtual_time.hpp"
#include "common/sql/inline_database.hpp"
#include "common/sql/whole_file.hpp"
#include "tests/unit/agent/journal/journal_disk.hpp"

namespace fieldline::journal {
namespace {

constexpr std::streamoff kPage = 4096;
const std::vector<std::string> kLanes{"external-systems/erp", "external-systems/mes"};

std::string read_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}
void write_file(const std::filesystem::path& file, const std::string& bytes) {
  for (const auto* part : {"-wal", "-shm"}) std::filesystem::remove(file.string() + part);
  std::ofstream(file, std::ios::binary) << bytes;
}

// A journal with messages, some parked, some over, and states; then closed.
class Original {
 public:
  Original() {
    VirtualTime time;
    const auto loop = time.executor();
    auto database = sql::open_inline({folder_.connection("journal.db"), "journal", migrations()},
                                     time.executor(), std::chrono::milliseconds(2));
    REQUIRE(database);
    auto journal = Journal::open(**database, *loop, {"north", "a"}, "stream");
    REQUIRE(journal);
    std::vector<Accepted> accepted;
    loop->post([&] {
      for (int i = 0; i < 40; ++i) {
        const auto body = std::to_string(i) + std::string(i % 10 == 0 ? 9000 : 300, 'x');
        (*journal)->accept(message_to(kLanes[static_cast<std::size_t>(i % 2)], body),
                           [&, body](const Result<Accepted>& done) {
                             accepted.push_back(*done);
                             bodies_[done->id] = body;
                           });
      }
      (*journal)->keep("Pump", {{"values/Setpoint", "7"}}, [](const Result<>&) {});
    });
    time.run_for(std::chrono::seconds(1));
    loop->post([&] {
      (*journal)->settle({{accepted[3].place, accepted[3].id, Ending::kDelivered, {}, "201"}},
                         [](const Result<>&) {});
      (*journal)->park(accepted[4].place, "no", [](const Result<Place>&) {});
      over_.insert(accepted[3].id);
      over_.insert(accepted[4].id);
    });
    time.run_for(std::chrono::seconds(1));
    journal->reset();
    database->reset();
    bytes_ = read_file(folder_ / "journal.db");
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] std::string body_of(const MessageId& id) const {
    const auto found = bodies_.find(id);
    return found == bodies_.end() ? "none" : found->second;
  }
  [[nodiscard]] std::size_t waiting() const { return bodies_.size() - over_.size(); }

 private:
  const sql::ScratchFolder folder_;
  std::string bytes_;
  std::map<MessageId, std::string> bodies_;
  std::set<MessageId> over_;
};

enum class Found { kWhole, kSetAside, kRefused, kSomeDamaged, kSomeLost };

class Reader {
 public:
  explicit Reader(const Original& original) : original_(original) {}

  // What a node that starts on these bytes would deliver.
  Found read(const std::string& bytes) {
    const auto file = folder_ / "journal.db";
    write_file(file, bytes);
    if (const auto whole = sql::check_whole(file); !whole) return Found::kSetAside;
    VirtualTime time;
    const auto loop = time.executor();
    auto database = sql::open_inline({"sqlite:" + file.string(), "journal", migrations()}, time.executor(),
                                     std::chrono::milliseconds(2));
    if (!database) return Found::kRefused;
    auto journal = Journal::open(**database, *loop, {"north", "a"}, "stream");
    if (!journal) return Found::kRefused;
    std::size_t sound = 0;
    std::size_t damaged = 0;
    bool failed = false;
    for (const auto& lane : kLanes) {
      loop->post([&] {
        (*journal)->window(lane, 0, [&](const Result<Window>& window) {
          failed = failed || !window;
          if (!window) return;
          for (const auto& waiting : window->messages) {
            const auto& body = std::get<HttpRequest>(waiting.message.content).body;
            REQUIRE(body == original_.body_of(waiting.message.id));
            REQUIRE(waiting.message.target == lane);
            ++sound;
          }
          damaged += window->damaged.size();
        });
        (*journal)->kept("Pump", [&](const Result<KeptStates>& states) {
          if (states) REQUIRE((states->empty() || *states == KeptStates{{"values/Setpoint", "7"}}));
        });
      });
    }
    time.run_for(std::chrono::seconds(1));
    journal->reset();
    database->reset();
    if (failed) return Found::kRefused;
    if (sound + damaged < original_.waiting()) return Found::kSomeLost;
    return damaged == 0 ? Found::kWhole : Found::kSomeDamaged;
  }

 private:
  const Original& original_;
  const sql::ScratchFolder folder_;
};

TEST_CASE("a bit that changed in any page of a journal is never delivered altered") {
  const Original original;
  Reader reader(original);
  REQUIRE(reader.read(original.bytes()) == Found::kWhole);
  Random random(7);
  std::map<Found, int> counts;
  const auto pages = static_cast<std::streamoff>(original.bytes().size()) / kPage;
  for (std::streamoff page = 0; page < pages; ++page) {
    for (int i = 0; i < 12; ++i) {
      auto bytes = original.bytes();
      // Half of them among what says where things are, at the head of the page.
      const auto within = random.below(i % 2 == 0 ? 128 : static_cast<std::uint64_t>(kPage));
      const auto at = static_cast<std::size_t>(page * kPage) + within;
      const auto bit = random.below(8);
      CAPTURE(page, within, bit);
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
      ++counts[reader.read(bytes)];
    }
  }
  CHECK(counts[Found::kSetAside] > 0);
  CHECK(counts[Found::kSomeDamaged] > 0);
  CHECK(counts[Found::kSomeLost] == 0);
}

TEST_CASE("a page of a journal that is empty makes the whole file damaged, or its messages known to be") {
  const Original original;
  Reader reader(original);
  const auto pages = static_cast<std::streamoff>(original.bytes().size()) / kPage;
  int set_aside = 0;
  for (std::streamoff page = 0; page < pages; ++page) {
    CAPTURE(page);
    auto bytes = original.bytes();
    std::fill_n(bytes.begin() + page * kPage, kPage, '\0');
    const auto found = reader.read(bytes);
    CHECK(found != Found::kRefused);
    set_aside += found == Found::kSetAside ? 1 : 0;
  }
  CHECK(set_aside > pages / 2);
}

}  // namespace
}  // namespace fieldline::journal
