#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "common/wire/config.hpp"
#include "coordinator/templates/diff.hpp"
#include "coordinator/templates/references.hpp"
#include "coordinator/templates/validate.hpp"
#include "tests/seeds.hpp"
#include "tests/unit/coordinator/templates/apply_diff.hpp"
#include "tests/unit/coordinator/templates/library_of.hpp"
#include "tests/unit/coordinator/templates/random_library.hpp"

using namespace fieldline;
using namespace fieldline::templates;

namespace {

// Calls `test` with the library of each seed.
template <class Test>
void for_each_library(Test&& test) {
  const auto [first, last] = seeds(400);
  for (auto seed = first; seed <= last; ++seed) {
    INFO("run this seed alone: FIELDLINE_SEED=" << seed);
    RandomLibrary random(seed);
    test(random);
  }
}

std::vector<std::string> instances_of(const Library& library) {
  std::vector<std::string> names;
  for (const auto& document : library.all(DocumentKind::kInstance)) names.push_back(document->key.name);
  return names;
}

std::vector<Finding> findings_of(const Result<>& outcome) {
  return outcome ? std::vector<Finding>() : outcome.error().findings;
}

std::string all_of(const std::vector<Finding>& findings) {
  std::string text;
  for (const auto& finding : findings) {
    text += fmt::format("{} {} {}\n", finding.code, finding.path, finding.message);
  }
  return text;
}

// The keys of each object in any order, so that only their meaning is left.
std::string shuffled_json(const Json& json, Dice& dice) {
  if (!json.is_structured()) return json.dump();
  std::vector<std::string> parts;
  for (const auto& [key, item] : json.items()) {
    const auto value = shuffled_json(item, dice);
    parts.push_back(json.is_object() ? Json(key).dump() + ": " + value : value);
  }
  if (json.is_object()) dice.shuffle(parts);
  return fmt::format(fmt::runtime(json.is_object() ? "{{{}}}" : "[{}]"), fmt::join(parts, ", "));
}

std::string shuffled_text(const Library& library, Dice& dice) {
  std::vector<std::string> documents;
  for (const auto& document : library.all()) documents.push_back(shuffled_json(to_json(*document), dice));
  dice.shuffle(documents);
  return fmt::format("[{}]", fmt::join(documents, ",\n"));
}

Library parsed(const std::string& text, TextFormat format) {
  auto documents = parse_documents(text, format);
  if (!documents) FAIL(documents.error().describe() << "\n" << text);
  return Library(std::move(*documents));
}

Side side_of(const Derived& derived) {
  return {&derived.config, &derived.provenance};
}

// What is compared to an attribute takes its type, wherever that was written.
bool follows_a_type(const MemberChange& change) {
  const auto& changes = change.changes;
  return change.change == ChangeKind::kChanged && changes.size() == 1 &&
         (changes[0].field == "match" || changes[0].field == "value" || changes[0].field == "trigger");
}

// `after` with those instances alone that are new or changed.
Library without_old_instances(const Library& before, Library after) {
  for (const auto& name : instances_of(after)) {
    const DocumentKey key{DocumentKind::kInstance, name};
    const auto* old = before.find(key);
    if (old != nullptr && old->revision == after.find(key)->revision) after = after.without(key);
  }
  return after;
}

}  // namespace

TEST_CASE("a random library is sound, and sites take what central makes of it") {
  for_each_library([](RandomLibrary& random) {
    const auto& library = random.library();
    const auto wrong = findings_of(validate(library));
    INFO(export_documents(library.all(), TextFormat::kYaml) << all_of(wrong));
    REQUIRE(wrong.empty());
    for (const auto& name : instances_of(library)) {
      const auto derived = derived_of(library, name);
      const auto opened = wire::open_config(derived.bytes, derived.revision);
      REQUIRE(opened);
      REQUIRE(*opened == derived.config);
    }
  });
}

TEST_CASE("the same documents flatten to the same bytes, whatever their order, their keys' order or format") {
  for_each_library([](RandomLibrary& random) {
    const auto& library = random.library();
    auto documents = library.all();
    random.dice().shuffle(documents);
    const std::vector<Library> twins{
        Library(documents), parsed(export_documents(documents, TextFormat::kYaml), TextFormat::kYaml),
        parsed(export_documents(documents, TextFormat::kJson), TextFormat::kJson),
        parsed(shuffled_text(library, random.dice()), TextFormat::kJson)};
    for (const auto& name : instances_of(library)) {
      const auto derived = derived_of(library, name);
      for (const auto& twin : twins) {
        const auto again = derived_of(twin, name);
        REQUIRE(again.bytes == derived.bytes);
        REQUIRE(again.provenance == derived.provenance);
      }
    }
  });
}

TEST_CASE("an export is read back as it was, byte for byte") {
  for_each_library([](RandomLibrary& random) {
    for (const auto format : {TextFormat::kYaml, TextFormat::kJson}) {
      const auto text = export_documents(random.library().all(), format);
      const auto again = parsed(text, format);
      REQUIRE(export_documents(again.all(), format) == text);
      REQUIRE(reach_of(random.library(), again).changed.empty());
    }
  });
}

TEST_CASE("a diff says all that is new: carried out, it makes the one configuration the other") {
  for_each_library([](RandomLibrary& random) {
    std::vector<Derived> configurations;
    for (const auto& library : {random.library(), random.changed(), random.changed()}) {
      for (const auto& name : instances_of(library)) {
        if (auto derived = flatten(library, name)) configurations.push_back(std::move(*derived));
      }
    }
    for (const auto& from : configurations) {
      REQUIRE(diff(side_of(from), side_of(from)).empty());
      REQUIRE(wire::seal_config(apply_diff({}, diff({}, side_of(from))))->bytes == from.bytes);
      for (const auto& to : configurations) {
        if (from.config.instance != to.config.instance) continue;
        const auto change = diff(side_of(from), side_of(to));
        INFO(to_json(change).dump(2));
        REQUIRE(change.empty() == (from.bytes == to.bytes));
        REQUIRE(wire::seal_config(apply_diff(from.config, change))->bytes == to.bytes);
      }
    }
  });
}

TEST_CASE("what a change broke is found by looking at what it reaches, as by looking at everything") {
  std::size_t broke = 0;
  for_each_library([&](RandomLibrary& random) {
    for (int i = 0; i < 5; ++i) {
      const auto& before = random.library();
      const auto after = random.changed();
      const auto incremental = findings_of(validate_change(before, after));
      const auto from_scratch = findings_of(validate(without_old_instances(before, after)));
      REQUIRE(all_of(incremental) == all_of(from_scratch));
      broke += incremental.empty() ? 0 : 1;
    }
  });
  CHECK((broke > 0 || seeds(400).first == seeds(150).second));
}

TEST_CASE(
    "no instance whose revision changes is missed by the reach of the change, and a cause is one of it") {
  for_each_library([](RandomLibrary& random) {
    for (int i = 0; i < 5; ++i) {
      const auto& before = random.library();
      const auto after = random.changed();
      const auto reach = reach_of(before, after);
      std::set<std::string> changed;
      for (const auto& key : reach.changed) changed.insert(key.path());
      for (const auto& name : instances_of(after)) {
        INFO(name);
        const bool is_reached =
            std::find(reach.instances.begin(), reach.instances.end(), name) != reach.instances.end();
        const auto was = flatten(before, name);
        const auto is = flatten(after, name);
        if (was && is && was->revision != is->revision) {
          const auto entries = diff(side_of(*was), side_of(*is));
          for (const auto& entry : entries.members) {
            INFO(to_json(entry).dump(2));
            CHECK((follows_a_type(entry) || changed.contains(entry.cause.document)));
          }
        }
        REQUIRE((is_reached || (was ? was->revision : "") == (is ? is->revision : "")));
      }
    }
  });
}

TEST_CASE("documents broken at random are refused with findings or taken, and never crash") {
  const std::set<std::string_view> codes(kEnumNames<FindingCode>.begin(), kEnumNames<FindingCode>.end());
  std::size_t taken = 0;
  std::size_t unsound = 0;
  for_each_library([&](RandomLibrary& random) {
    auto& dice = random.dice();
    for (int i = 0; i < 10; ++i) {
      auto documents = random.library().all();
      std::vector<std::string> names{"attributes", "locked", "slots", "parent", "template", "", "no name"};
      for (const auto& document : documents) names.push_back(document->key.name);
      std::vector<Json> trees;
      for (const auto& document : documents) trees.push_back(to_json(*document));
      for (auto times = 1 + dice.below(2); times > 0; --times) {
        auto& tree = trees[dice.below(trees.size())];
        tree = broken(tree, names, dice);
      }
      const auto text = Json(trees).dump();
      INFO(text);
      const auto read = parse_documents(text, TextFormat::kJson);
      if (!read) {
        REQUIRE(read.error().code == ErrorCode::kInvalid);
        REQUIRE_FALSE(read.error().findings.empty());
        continue;
      }
      ++taken;
      const Library library(*read);
      const auto sound = validate(library);
      const auto wrong = findings_of(sound);
      REQUIRE(sound.has_value() == wrong.empty());
      for (const auto& finding : wrong) {
        REQUIRE(codes.contains(finding.code));
        REQUIRE_FALSE(finding.path.empty());
        REQUIRE_FALSE(finding.message.empty());
      }
      unsound += wrong.empty() ? 0 : 1;
      for (const auto& name : instances_of(library)) {
        const auto derived = flatten(library, name);
        if (derived) {
          REQUIRE(wire::open_config(derived->bytes, derived->revision));
          continue;
        }
        REQUIRE_FALSE(derived.error().findings.empty());
        // Only what is asked for at deployment is news to who stored the documents.
        for (const auto& finding : derived.error().findings) {
          const bool is_known = std::find(wrong.begin(), wrong.end(), finding) != wrong.end();
          const bool is_late =
              finding.code == "address-not-bound" || finding.code == "configuration-too-large";
          INFO(all_of({finding}) << "known:\n" << all_of(wrong));
          REQUIRE((is_known || is_late));
        }
      }
    }
  });
  CHECK((unsound > 0 || seeds(400).first == seeds(150).second));
  CHECK((taken > unsound || seeds(400).first == seeds(150).second));
}
