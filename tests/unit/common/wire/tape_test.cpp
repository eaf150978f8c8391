#include "common/wire/tape.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "common/wire/packer.hpp"

using namespace fieldline;
using namespace fieldline::wire;
using namespace std::string_literals;

namespace {

std::string refusal_of(const std::string& bytes) {
  const auto tape = Tape::parse(bytes);
  return tape ? "" : tape.error().message;
}

}  // namespace

TEST_CASE("a document lies on the tape in the order of its bytes") {
  Packer packer;
  packer.map(2);
  packer.text("a");
  packer.array(2);
  packer.integer(-1);
  packer.real(0.5);
  packer.text("b");
  packer.nil();
  const auto bytes = packer.take();
  const auto tape = Tape::parse(bytes);
  REQUIRE(tape);
  CHECK((*tape)[0].kind == Node::Kind::kMap);
  CHECK((*tape)[1].view() == "a");
  CHECK((*tape)[3].integer == -1);
  CHECK((*tape)[4].real == 0.5);
  CHECK(tape->after(2) == 5);
  CHECK((*tape)[5].view() == "b");
}

TEST_CASE("bytes that are not exactly one document are refused") {
  CHECK(refusal_of("") == "the bytes end too early");
  CHECK(refusal_of("\x92\x01"s) == "the bytes end too early");
  CHECK(refusal_of("\x01\x02"s) == "bytes follow the document");
  CHECK(refusal_of("\xc1"s) == "the bytes are not MessagePack");
}

TEST_CASE("a header that claims more than follows is refused before anything is reserved") {
  CHECK(refusal_of("\xdd\xff\xff\xff\xff"s) == "a count is larger than the bytes that follow");
  CHECK(refusal_of("\xdf\xff\xff\xff\xff"s) == "a count is larger than the bytes that follow");
  CHECK(refusal_of("\x91\xdd\x00\x10\x00\x00\x01"s) == "a count is larger than the bytes that follow");
  CHECK(refusal_of("\xdb\xff\xff\xff\xff"s) == "the bytes end too early");
}

TEST_CASE("nesting has a limit") {
  const auto nested = [](std::size_t depth) {
    std::string arrays(depth, '\x91');
    arrays += '\x01';
    return arrays;
  };
  CHECK(refusal_of(nested(32)).empty());
  CHECK(refusal_of(nested(33)) == "it nests too deep");
  CHECK(refusal_of(nested(100'000)) == "it nests too deep");
}

TEST_CASE("map keys are strings and occur once, in whatever order") {
  CHECK(refusal_of("\x82\xa1\x62\x01\xa1\x61\x02"s).empty());
  CHECK(refusal_of("\x82\xa1\x61\x01\xa1\x61\x02"s) == "a key occurs twice in a map");
  CHECK(refusal_of("\x83\xa1\x61\x01\xa1\x62\x02\xa1\x61\x03"s) == "a key occurs twice in a map");
  CHECK(refusal_of("\x82\xa0\x01\xa0\x02"s) == "a key occurs twice in a map");
  CHECK(refusal_of("\x81\x01\x02"s) == "a map key is not a string");
  CHECK(refusal_of("\x81\x90\x02"s) == "a map key is not a string");
}

TEST_CASE("strings are UTF-8; bin and foreign extensions are not used") {
  CHECK(refusal_of("\xa2\xc3\xa9"s).empty());
  CHECK(refusal_of("\xa2\xc3\x28"s) == "a string is not valid UTF-8");
  CHECK(refusal_of("\xa3\xed\xa0\x80"s) == "a string is not valid UTF-8");
  CHECK(refusal_of("\xa2\xc0\x80"s) == "a string is not valid UTF-8");
  CHECK(refusal_of("\xc4\x01\x00"s) == "bin values are not used");
  CHECK(refusal_of("\xd6\xff\x00\x00\x00\x00"s) == "an extension is not known");
}

TEST_CASE("random bytes and damaged documents end in a refusal or a tape, never in a fault") {
  const auto seed = 20261122U;
  CAPTURE(seed);
  std::mt19937 random(seed);
  Packer packer;
  packer.map(3);
  packer.text("list");
  packer.array(3);
  packer.real(1.5);
  packer.timestamp(Timestamp(Duration(5)));
  packer.map(0);
  packer.text("name");
  packer.text("Größe");
  packer.text("x");
  packer.integer(-70'000);
  const auto sound = packer.take();
  for (int round = 0; round < 20'000; ++round) {
    auto bytes = sound;
    for (auto hits = random() % 4; hits > 0; --hits)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    bytes.resize(random() % (bytes.size() + 1));
    const auto tape = Tape::parse(bytes);
    if (tape) CHECK(tape->after(0) >= 1);
  }
}
