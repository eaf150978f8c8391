#include "tests/powerloss/disk.hpp"

#include <catch2/catch.hpp>
#include <set>

namespace fieldline::powerloss {
namespace {

const std::string kOld(4 * kSector, 'o');
const std::string kNew(4 * kSector, 'n');

// A disk with a synced file that is full of kOld.
Disk::FileRef lay_out(Disk& disk) {
  auto file = disk.create("file");
  REQUIRE(disk.write("file", *file, 0, kOld));
  REQUIRE(disk.sync("file", *file, true));
  return file;
}

// What is in the file after a cut that strikes right after `change`, over many seeds.
template <class Change>
std::set<std::string> outcomes(Change&& change) {
  std::set<std::string> found;
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    Disk disk(seed);
    auto file = lay_out(disk);
    disk.cut_at(change(disk, *file));
    REQUIRE_FALSE(disk.sync("file", *file, true));
    REQUIRE(disk.dark());
    disk.power_on();
    const auto after = disk.find("file");
    found.insert(after ? after->content : "gone");
  }
  return found;
}

TEST_CASE("what was synced survives any cut") {
  const auto found = outcomes([](Disk&, Disk::File&) { return 1; });
  CHECK(found == std::set<std::string>{kOld});
}

TEST_CASE("of a write that was not synced nothing, all, or any of its sectors arrived") {
  const auto found = outcomes([](Disk& disk, Disk::File& file) {
    REQUIRE(disk.write("file", file, 0, kNew));
    return 1;
  });
  CHECK(found.contains(kOld));
  CHECK(found.contains(kNew));
  CHECK(found.contains(kOld.substr(0, 3 * kSector) + kNew.substr(0, kSector)));
  CHECK(found.size() > 16);  // with sectors that are neither
}

TEST_CASE("two writes that were not synced arrive in any order, and never beyond their own bytes") {
  const auto found = outcomes([](Disk& disk, Disk::File& file) {
    REQUIRE(disk.write("file", file, 10, "first"));
    REQUIRE(disk.write("file", file, 3 * kSector, "second"));
    return 1;
  });
  auto only_second = kOld;
  only_second.replace(3 * kSector, 6, "second");
  CHECK(found.contains(only_second));
  for (auto content : found) {
    content.replace(10, 5, "ooooo");
    content.replace(3 * kSector, 6, "oooooo");
    CHECK(content == kOld);
  }
}

TEST_CASE("a truncation that was not synced may be undone by the cut") {
  const auto found = outcomes([](Disk& disk, Disk::File& file) {
    REQUIRE(disk.truncate("file", file, kSector));
    return 1;
  });
  CHECK(found == std::set<std::string>{kOld, kOld.substr(0, kSector)});
}

TEST_CASE("a file whose removal was not synced may come back, and a new one may be gone") {
  const auto removed = outcomes([](Disk& disk, Disk::File&) {
    REQUIRE(disk.remove("file", false));
    return 1;
  });
  CHECK(removed == std::set<std::string>{kOld, "gone"});
  const auto removed_for_good = outcomes([](Disk& disk, Disk::File&) {
    REQUIRE(disk.remove("file", true));
    return 1;
  });
  CHECK(removed_for_good == std::set<std::string>{"gone"});

  std::set<bool> there;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Disk disk(seed);
    auto file = disk.create("new");
    REQUIRE(disk.write("new", *file, 0, kNew));
    REQUIRE(disk.sync("new", *file, false));
    disk.cut_at(1);
    REQUIRE_FALSE(disk.sync("new", *file, true));
    disk.power_on();
    there.insert(disk.find("new") != nullptr);
    if (const auto found = disk.find("new")) CHECK(found->content == kNew);
  }
  CHECK(there.size() == 2);
}

TEST_CASE("in the dark nothing is done, and what was open before reaches the disk no more") {
  Disk disk(1);
  auto file = lay_out(disk);
  disk.cut_at(1);
  CHECK_FALSE(disk.write("file", *file, 0, "x"));
  CHECK_FALSE(disk.write("file", *file, 0, kNew));
  CHECK_FALSE(disk.remove("file", true));
  CHECK(disk.create("other") == nullptr);
  disk.power_on();
  CHECK(disk.write("file", *file, 0, kNew));
  CHECK(disk.find("file")->content != kNew);
}

TEST_CASE("a seed comes out the same each time") {
  const auto once = [](std::uint64_t seed) {
    Disk disk(seed);
    auto file = lay_out(disk);
    REQUIRE(disk.write("file", *file, 0, kNew));
    disk.cut_at(1);
    static_cast<void>(disk.sync("file", *file, true));
    disk.power_on();
    return disk.find("file")->content;
  };
  for (std::uint64_t seed = 1; seed <= 50; ++seed) CHECK(once(seed) == once(seed));
}

}  // namespace
}  // namespace fieldline::powerloss
