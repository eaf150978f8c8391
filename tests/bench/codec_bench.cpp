// Decoding and checking a flat configuration, beside what msgpack-c does with the same bytes (pack,
// bare visitor, its macros' struct conversion) and beside JSON. Aim: at most 100 us for 20 KiB.
#include <msgpack.hpp>
#include <nlohmann/json.hpp>

#include "common/base/check.hpp"
#include "common/base/hash.hpp"
#include "common/model/json.hpp"
#include "common/wire/config.hpp"
#include "common/wire/limits.hpp"
#include "tests/bench/macro_config.hpp"
#include "tests/bench/sample_config.hpp"
#include "tests/bench/table.hpp"

namespace {

using namespace fieldline;
using bench::convert_with_macros;

void measure(const bench::Table& table, const FlatConfig& config, const std::string& scale) {
  const auto sealed = wire::seal_config(config);
  FIELDLINE_CHECK(sealed);
  const auto json = to_json(config).dump();
  const auto mirror = convert_with_macros(sealed->bytes);
  const int calls = static_cast<int>(20'000'000 / sealed->bytes.size() / 4) + 1;
  const auto time = [&](const auto& work) { return bench::microseconds_per_call(9, calls, work); };
  const auto kib = fmt::format("{} ({:.1f} KiB)", scale, static_cast<double>(sealed->bytes.size()) / 1024);

  const auto ours = time([&] {
    const auto decoded = wire::decode<FlatConfig>(sealed->bytes);
    FIELDLINE_CHECK(decoded && check(*decoded));
  });
  const auto hash = time([&] { FIELDLINE_CHECK(blake2b_hex(sealed->bytes) == sealed->revision); });
  const auto encode = time([&] { FIELDLINE_CHECK(!wire::encode(config).empty()); });
  const auto visitor = time([&] {
    msgpack::null_visitor nobody;
    std::size_t offset = 0;
    FIELDLINE_CHECK(msgpack::parse(sealed->bytes.data(), sealed->bytes.size(), offset, nobody));
  });
  const auto macros = time([&] { FIELDLINE_CHECK(!convert_with_macros(sealed->bytes).attributes.empty()); });
  const auto pack = time([&] {
    msgpack::sbuffer buffer;
    msgpack::pack(buffer, mirror);
    FIELDLINE_CHECK(buffer.size() > 0);
  });
  const auto from_text = time([&] {
    FlatConfig out;
    FIELDLINE_CHECK(from_json(Json::parse(json), out));
  });

  table.add("decode and check", ours, "us", kib);
  table.add("BLAKE2b-256 of the bytes", hash, "us", kib);
  table.add("encode", encode, "us", kib);
  table.add("msgpack-c bare visitor", visitor, "us", kib);
  table.add("msgpack-c unpack + struct conversion", macros, "us", kib);
  table.add("msgpack-c pack of the structs", pack, "us", kib);
  table.add("JSON parse + conversion", from_text, "us", kib);
  table.add("ratio: 100 us per 20 KiB / decode",
            100.0 * static_cast<double>(sealed->bytes.size()) / 20480 / ours, "x", kib);
  table.add("ratio: visitor / decode", visitor / ours, "x", kib);
  table.add("ratio: struct conversion / decode", macros / ours, "x", kib);
  table.add("ratio: JSON / decode", from_text / ours, "x", kib);
  table.add("ratio: library pack / encode", pack / encode, "x", kib);
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Table table("codec", argc, argv);
  measure(table, bench::config_of_20_kib(), "1x");
  measure(table, bench::config_of(1100, 120, 60), "10x");
}
