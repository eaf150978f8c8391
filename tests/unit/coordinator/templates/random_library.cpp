#include "tests/unit/coordinator/templates/random_library.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "common/model/field_address.hpp"
#include "coordinator/templates/references.hpp"
#include "tests/unit/coordinator/templates/random_members.hpp"

namespace fieldline::templates {
namespace {

std::string template_name(int number) {
  return fmt::format("T{}", number);
}

DocumentPointer document_of(const Json& json) {
  auto document = document_from_json(json);
  if (!document) throw std::logic_error(document.error().describe() + " in " + json.dump());
  return *document;
}

Expansion tree_of(const Library& library, const Json& json) {
  Findings ignored;
  const auto document = document_of(json);
  return expand(library, *document, ignored);
}

// The names of slots that `tree` has, by what stands before the first dot of its members.
std::set<std::string> slots_of(const Expansion& tree) {
  std::set<std::string> slots;
  const auto note = [&](const auto& members) {
    for (const auto& [name, member] : members) {
      if (const auto dot = name.find('.'); dot != std::string::npos) slots.insert(name.substr(0, dot));
    }
  };
  note(tree.alarms);
  note(tree.attributes);
  note(tree.scripts);
  return slots;
}

// Notes in `names` every member of `tree` below `prefix`.
void note_members(const Expansion& tree, const std::string& prefix, Json& names) {
  const auto note = [&](const auto& members) {
    for (const auto& [name, member] : members) {
      if (name.starts_with(prefix)) names[name] = true;
    }
  };
  note(tree.alarms);
  note(tree.attributes);
  note(tree.scripts);
}

// Binds the addressed attributes of one instance to connections of its site, no two to one address.
class RandomBindings {
 public:
  RandomBindings(const Library& library, std::string site, Dice& dice)
      : library_(library), site_(std::move(site)), dice_(dice) {
    for (const auto& document : library.all(DocumentKind::kConnection)) {
      if (document->key.name.starts_with(site_ + "/"))
        names_.push_back(document->key.name.substr(site_.size() + 1));
    }
  }

  Json of(const Attribute& attribute) {
    const auto name = dice_.pick(names_);
    const auto protocol = protocol_of(name);
    const auto fits = check_address(protocol, attribute.address, attribute.type, attribute.writable);
    if (fits && taken_.insert({name, attribute.address}).second) return {{"connection", name}};
    const bool is_text = attribute.type == DataType::kString || attribute.type == DataType::kTimestamp;
    if (protocol == Protocol::kModbusTcp && is_text) {
      return {{"connection", "sim"}, {"address", fmt::format("memory:b{}", next_++)}};
    }
    const auto* place = protocol == Protocol::kSimulator    ? "memory:b{}"
                        : attribute.type == DataType::kBool ? "coil:{}"
                                                            : "holding:{}:scale=0.1";
    return {{"connection", name}, {"address", fmt::format(fmt::runtime(place), next_++)}};
  }

 private:
  [[nodiscard]] Protocol protocol_of(const std::string& name) const {
    return library_.find(connection_key(site_, name))->connection().protocol;
  }

  const Library& library_;
  std::string site_;
  Dice& dice_;
  std::vector<std::string> names_;
  std::set<std::pair<std::string, std::string>> taken_;
  int next_ = 1000;  // above all addresses in templates
};

}  // namespace

std::string Dice::text() {
  static const std::vector<std::string> kPieces{"a",  "Pump 1", " ", "m³/h", ":", " #",   "- ",   "'",
                                                "\"", "\\",     "{", "|",    "%", "true", "null", "12",
                                                "\n", "é",      ",", "\t",   "~", "---",  "1e5",  "\u2028"};
  std::string built;
  for (auto pieces = below(5); pieces > 0; --pieces) built += pick(kPieces);
  return built;
}

Json Dice::value(DataType type) {
  switch (type) {
    case DataType::kBool:
      return truth();
    case DataType::kInt: {
      static const std::vector<std::int64_t> kIntegers{0, -1, 7, 1'000'000, INT64_MAX, INT64_MIN};
      return pick(kIntegers);
    }
    case DataType::kFloat: {
      static const std::vector<double> kReals{0.0, -0.0, 0.1, -12.5, 3, 1e300, 5e-324, 1.0 / 3};
      return one_in(4) ? Json(7) : Json(pick(kReals));
    }
    case DataType::kString:
      return text();
    case DataType::kTimestamp: {
      static const std::vector<std::string> kTimes{"2026-01-02T03:04:05Z", "2026-01-02T03:04:05.25+01:00",
                                                   "1969-12-31T23:59:59.999999Z"};
      return pick(kTimes);
    }
  }
  return nullptr;
}

RandomLibrary::RandomLibrary(std::uint64_t seed) : dice_(seed) {
  for (std::size_t i = 0; i <= dice_.below(2); ++i) {
    sites_.push_back(fmt::format("site{}", i));
    add(site(sites_.back()));
    add(connection(sites_.back() + "/sim", Protocol::kSimulator));
    for (auto more = dice_.below(3); more > 0; --more) {
      add(connection(fmt::format("{}/plc{}", sites_.back(), more), Protocol::kModbusTcp));
    }
  }
  for (const auto last = 2 + static_cast<int>(dice_.below(6)); templates_ < last; ++templates_) {
    add(template_named(templates_));
  }
  for (const auto last = 1 + static_cast<int>(dice_.below(4)); instances_ < last; ++instances_) {
    add(instance_named(fmt::format("I{}", instances_)));
  }
}

void RandomLibrary::add(const Json& document) {
  library_ = library_.with(std::vector{document_of(document)});
}

Json RandomLibrary::site(const std::string& name) {
  Json spec{{"nodes", {"a", "b"}}};
  if (dice_.truth()) spec["description"] = dice_.text();
  return {{"kind", "Site"}, {"name", name}, {"spec", spec}};
}

Json RandomLibrary::connection(const std::string& name, Protocol protocol) {
  Json spec{{"protocol", fieldline::name(protocol)}};
  if (protocol == Protocol::kModbusTcp) {
    spec["endpoint"] = fmt::format("10.0.0.{}:502", dice_.below(256));
    if (dice_.truth()) spec["options"]["unit"] = 1 + dice_.below(247);
  }
  if (dice_.truth()) spec["options"]["poll"] = fmt::format("{}s", 1 + dice_.below(60));
  return {{"kind", "Connection"}, {"name", name}, {"spec", spec}};
}

Json RandomLibrary::template_named(int number) {
  Json spec = Json::object();
  Json own = Json::object();
  Json document{{"kind", "Template"}, {"name", template_name(number)}};
  const auto tree = [&] {
    document["spec"] = spec;
    return tree_of(library_, document);
  };
  const auto elder = [&] {
    return template_name(static_cast<int>(dice_.below(static_cast<std::size_t>(number))));
  };
  const auto own_name = [&](char letter, std::size_t i) {
    auto name = fmt::format("{}{}_{}", letter, number, i);
    own[name] = true;
    return name;
  };
  if (dice_.one_in(3)) spec["description"] = dice_.text();
  if (number > 0 && dice_.truth()) spec["parent"] = elder();
  for (auto i = number > 0 ? dice_.below(3) : 0; i > 0; --i) {
    auto& slot = spec["slots"][fmt::format("S{}_{}", number, i)];
    slot["template"] = elder();
    if (dice_.one_in(4)) slot["locked"] = {"template"};
  }
  for (auto i = dice_.below(5); i > 0; --i)
    spec["attributes"][own_name('A', i)] = RandomMembers::attribute(dice_);
  for (auto i = dice_.below(2); i > 0; --i) {
    spec["scripts"][own_name('C', i)] = RandomMembers(tree(), dice_).script(true);
  }
  const auto whole = tree();
  RandomMembers members(whole, dice_);
  for (auto i = dice_.below(3); i > 0; --i) spec["scripts"][own_name('R', i)] = members.script(false);
  for (auto i = dice_.below(4); i > 0; --i) {
    if (auto alarm = members.alarm(); !alarm.is_null()) spec["alarms"][own_name('H', i)] = std::move(alarm);
  }
  for (const auto& slot : slots_of(whole)) {
    if (dice_.truth()) continue;  // or by path, below
    auto layer = Json::object();
    members.override_some(layer, slot + ".", own);
    if (!layer.empty()) spec["slots"][slot].update(layer);
    note_members(whole, slot + ".", own);
  }
  members.override_some(spec, "", own);
  document["spec"] = spec;
  return document;
}

Json RandomLibrary::instance_named(const std::string& name) {
  Json spec{{"site", dice_.pick(sites_)},
            {"template", template_name(static_cast<int>(dice_.below(static_cast<std::size_t>(templates_))))}};
  if (dice_.truth()) spec["area"] = "plant/hall-1";
  Json document{{"kind", "Instance"}, {"name", name}, {"spec", spec}};
  const auto tree = tree_of(library_, document);
  RandomMembers(tree, dice_).override_some(document["spec"], "", Json::object());
  RandomBindings bindings(library_, spec["site"], dice_);
  for (const auto& [attribute, member] : tree_of(library_, document).attributes) {
    if (!member.partial.value.address.empty())
      document["spec"]["bindings"][attribute] = bindings.of(member.partial.value);
  }
  return document;
}

// The same document with one small thing said otherwise.
Json RandomLibrary::touched(const Document& document) {
  auto json = to_json(document);
  auto& spec = json["spec"];
  if (document.key.kind == DocumentKind::kConnection) spec["options"]["poll"] = "77s";
  if (document.key.kind == DocumentKind::kSite) spec["description"] = dice_.text();
  if (document.key.kind == DocumentKind::kInstance) return instance_named(document.key.name);
  if (document.key.kind != DocumentKind::kTemplate) return json;
  spec["attributes"][fmt::format("New{}", dice_.below(5))] = RandomMembers::attribute(dice_);
  if (spec.contains("alarms")) spec["alarms"].front()["message"] = dice_.text();
  if (spec.contains("scripts") && spec["scripts"].front().contains("source")) {
    auto& source = spec["scripts"].front()["source"].get_ref<std::string&>();
    source = dice_.truth() ? "-- first\n" + source : source + "\n-- last";
  }
  if (dice_.one_in(4)) spec.erase("parent");
  return json;
}

Library RandomLibrary::change_once(const Library& before) {
  const auto all = before.all();
  const auto& chosen = dice_.pick(all);
  switch (dice_.below(4)) {
    case 0: {
      const bool is_needed =
          chosen->key.kind == DocumentKind::kSite && !dependants(before, chosen->key).empty();
      return is_needed ? before : before.without(chosen->key);
    }
    case 1:
      if (chosen->key.kind == DocumentKind::kTemplate) {
        const auto number = std::stoi(chosen->key.name.substr(1));
        return before.with(std::vector{document_of(template_named(number))});
      }
      return before.with(std::vector{document_of(instance_named(fmt::format("I{}", dice_.below(6))))});
    default:
      return before.with(std::vector{document_of(touched(*chosen))});
  }
}

Library RandomLibrary::changed() {
  auto after = library_;
  for (auto changes = 1 + dice_.below(3); changes > 0; --changes) after = change_once(after);
  return after;
}

}  // namespace fieldline::templates
