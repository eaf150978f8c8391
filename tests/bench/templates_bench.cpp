// The Template Engine beside raw limits: msgpack-c packing the same configurations, and the bare
// parsers of YAML and JSON on the same texts. Aim: flatten, validate, encode and hash within three
// times the bare pack.
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/parser.h>

#include <msgpack.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "common/base/hash.hpp"
#include "coordinator/catalog/plan.hpp"
#include "coordinator/templates/diff.hpp"
#include "coordinator/templates/flatten.hpp"
#include "coordinator/templates/references.hpp"
#include "coordinator/templates/validate.hpp"
#include "tests/bench/macro_config.hpp"
#include "tests/bench/sample_library.hpp"
#include "tests/bench/table.hpp"

namespace {

using namespace fieldline;
using namespace fieldline::bench;
using templates::DocumentKind;
using templates::Flattener;
using templates::Library;

template <class Work>
double microseconds(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
}

double bare_pack(const MacroConfig& mirror) {
  return microseconds_per_call(9, 20, [&] {
    msgpack::sbuffer buffer;
    msgpack::pack(buffer, mirror);
    FIELDLINE_CHECK(buffer.size() > 0);
  });
}

// One instance of `skids` skids. Of many equal templates each has one instance, so that the first of a
// template can be told from the next.
void measure_flatten(const Table& table, int skids, std::string_view scale) {
  constexpr int kTwins = 10;
  auto text = family_text();
  for (int i = 0; i < kTwins; ++i) {
    text += station_text(fmt::format("T{}", i), skids) +
            instance_text(fmt::format("S{}", i), fmt::format("T{}-large", i), skids);
  }
  const Library library(documents_of(text));
  const auto derived = Flattener(library).flatten("S0");
  FIELDLINE_CHECK(derived.has_value());
  const auto label = fmt::format("{}: {} attributes, {:.0f} KiB", scale, derived->config.attributes.size(),
                                 static_cast<double>(derived->bytes.size()) / 1024);
  const auto add = [&](std::string_view metric, double us) { table.add(metric, us, "us", label); };

  const auto pack = bare_pack(convert_with_macros(derived->bytes));
  add("msgpack-c pack of the structs", pack);
  const auto hash = microseconds_per_call(
      9, 20, [&] { FIELDLINE_CHECK(blake2b_hex(derived->bytes) == derived->revision); });
  add("BLAKE2b-256 of the bytes", hash);
  add("seal, scripts compiled anew",
      microseconds_per_call(9, 5, [&] { FIELDLINE_CHECK(Flattener(library).seal("S0").has_value()); }));
  std::vector<double> first;
  for (int round = 0; round < 3; ++round) {
    Flattener flattener(library);
    FIELDLINE_CHECK(flattener.seal("S0").has_value());
    for (int i = 1; i < kTwins; ++i) {
      const auto name = fmt::format("S{}", i);
      first.push_back(microseconds([&] { FIELDLINE_CHECK(flattener.seal(name).has_value()); }));
    }
  }
  add("seal the first of its template", median(first));
  Flattener flattener(library);
  const auto next = microseconds_per_call(9, 20, [&] { FIELDLINE_CHECK(flattener.seal("S0").has_value()); });
  add("seal the next of its template", next);
  add("flatten the next, with its provenance",
      microseconds_per_call(9, 20, [&] { FIELDLINE_CHECK(flattener.flatten("S0").has_value()); }));
  table.add("ratio: pack / seal the first", pack / median(first), "x", label);
  table.add("ratio: pack / seal the next", pack / next, "x", label);
  table.add("ratio: pack + BLAKE2b / seal the next", (pack + hash) / next, "x", label);
}

std::vector<std::string> names_of(const Library& library) {
  std::vector<std::string> names;
  for (const auto& instance : library.all(DocumentKind::kInstance)) names.push_back(instance->key.name);
  return names;
}

// A plant before and after an edit of its eldest template, which every instance descends from.
struct Edited {
  Edited(int instances, int skids)
      : before(plant_of(instances, skids)), after(before.with(documents_of(device_text("l/s")))) {}

  Library before;
  Library after;
  std::vector<std::string> names = names_of(after);
};

// The former configurations are made in batches, whose making is not counted.
void measure_site_diff(const Table& table, int instances, std::string_view scale) {
  constexpr std::size_t kBatch = 100;
  const Edited plant(instances, 5);
  Flattener then(plant.before), now(plant.after);
  const auto pack = bare_pack(convert_with_macros(then.seal(plant.names.front())->bytes));
  double whole = 0, comparing = 0;
  std::size_t changes = 0;
  for (std::size_t begin = 0; begin < plant.names.size(); begin += kBatch) {
    std::vector<templates::Derived> deployed, derived;
    for (std::size_t i = begin; i < begin + kBatch; ++i) deployed.push_back(*then.flatten(plant.names[i]));
    whole += microseconds([&] {
      for (std::size_t i = begin; i < begin + kBatch; ++i) derived.push_back(*now.flatten(plant.names[i]));
    });
    const auto took = microseconds([&] {
      for (std::size_t i = 0; i < kBatch; ++i) {
        const templates::Side from{&deployed[i].config, &deployed[i].provenance};
        const templates::Side to{&derived[i].config, &derived[i].provenance};
        changes += templates::diff(from, to).members.size();
      }
    });
    whole += took;
    comparing += took;
  }
  FIELDLINE_CHECK(changes > plant.names.size());
  const auto each = static_cast<double>(plant.names.size());
  const auto label = fmt::format("{}: {} instances of 100 attributes", scale, instances);
  table.add("site diff, one instance", whole / each, "us", label);
  table.add("  of it the comparison", comparing / each, "us", label);
  table.add("site diff, all", whole / 1e6, "s", label);
  table.add("ratio: pack / site diff of one", pack * each / whole, "x", label);
}

// Which instances a change of the eldest template makes stale.
void measure_stale(const Table& table, int instances, std::string_view scale) {
  const Edited plant(instances, 1);
  std::vector<Revision> deployed;
  Flattener then(plant.before);
  for (const auto& name : plant.names) deployed.push_back(then.seal(name)->revision);
  const auto bytes = then.seal(plant.names.front())->bytes;
  const auto pack = bare_pack(convert_with_macros(bytes));
  const auto hash = microseconds_per_call(9, 20, [&] { FIELDLINE_CHECK(!blake2b_hex(bytes).empty()); });

  const auto validating = microseconds(
      [&] { FIELDLINE_CHECK(templates::validate_change(plant.before, plant.after).has_value()); });
  std::vector<std::string> stale;
  double reaching = 0;
  const auto whole = microseconds([&] {
    templates::Reach reach;
    reaching = microseconds([&] { reach = templates::reach_of(plant.before, plant.after); });
    Flattener now(plant.after);
    for (std::size_t i = 0; i < reach.instances.size(); ++i) {
      if (now.seal(reach.instances[i])->revision != deployed[i]) stale.push_back(reach.instances[i]);
    }
  });
  FIELDLINE_CHECK(stale == plant.names);
  const auto each = static_cast<double>(instances);
  const auto label = fmt::format("{}: {} descendants of 20 attributes", scale, instances);
  table.add("validate the change of a root template", validating / 1e3, "ms", label);
  table.add("stale instances, each", whole / each, "us", label);
  table.add("  of it the reach", reaching / each, "us", label);
  table.add("stale instances, all", whole / 1e6, "s", label);
  table.add("ratio: pack + BLAKE2b / stale, each", (pack + hash) * each / whole, "x", label);
}

// Events that nobody listens to.
class Nobody final : public YAML::EventHandler {
  using Mark = YAML::Mark;
  using Anchor = YAML::anchor_t;
  using Style = YAML::EmitterStyle::value;
  void OnDocumentStart(const Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const Mark&, Anchor) override {}
  void OnAlias(const Mark&, Anchor) override {}
  void OnScalar(const Mark&, const std::string&, Anchor, const std::string&) override {}
  void OnSequenceStart(const Mark&, const std::string&, Anchor, Style) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const Mark&, const std::string&, Anchor, Style) override {}
  void OnMapEnd() override {}
};

void parse_bare(const std::string& text, templates::TextFormat format) {
  if (format == templates::TextFormat::kJson) return FIELDLINE_CHECK(!Json::parse(text).empty());
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Nobody nobody;
  while (parser.HandleNextDocument(nobody)) {
  }
}

// As much of a text as an apply takes: more documents are applied one text after the other.
constexpr int kPerText = 25'000;

void measure_apply(const Table& table, int instances, templates::TextFormat format, std::string_view scale) {
  const bool is_yaml = format == templates::TextFormat::kYaml;
  auto library = std::make_shared<const Library>(documents_of(family_text() + station_text("Station", 1)));
  const auto box = SecretBox::generate();
  double whole = 0, bare = 0;
  std::size_t bytes = 0;
  for (int begin = 0; begin < instances; begin += kPerText) {
    std::string text;
    for (int i = begin; i < std::min(begin + kPerText, instances); ++i) {
      text += instance_text(fmt::format("S{:06}", i), "Station-large", 1);
    }
    if (!is_yaml) text = templates::export_documents(documents_of(text), format);
    bytes += text.size();
    bare += microseconds([&] { parse_bare(text, format); });
    whole += microseconds([&] {
      auto plan = catalog::plan_apply(library, text, format, box);
      FIELDLINE_CHECK(plan.has_value());
      library = plan->after;
    });
  }
  const auto each = static_cast<double>(instances);
  const auto label = fmt::format("{}: {} documents, {} MiB", scale, instances, bytes >> 20);
  const std::string_view name = is_yaml ? "YAML" : "JSON";
  table.add(fmt::format("apply {}, each document", name), whole / each, "us", label);
  table.add(fmt::format("  the bare {} parser", name), bare / each, "us", label);
  table.add(fmt::format("ratio: bare {} parser / apply", name), bare / whole, "x", label);
}

}  // namespace

int main(int argc, char** argv) {
  const Table table("templates", argc, argv);
  measure_flatten(table, 50, "1x");
  // The largest that a configuration of 1 MiB has room for.
  measure_flatten(table, 350, "7x");
  measure_site_diff(table, 1'000, "1x");
  measure_site_diff(table, 10'000, "10x");
  measure_stale(table, 10'000, "1x");
  measure_stale(table, 100'000, "10x");
  for (const auto format : {templates::TextFormat::kJson, templates::TextFormat::kYaml}) {
    measure_apply(table, 10'000, format, "1x");
    measure_apply(table, 100'000, format, "10x");
  }
}
