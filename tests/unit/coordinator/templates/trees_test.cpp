#include "common/base/random.hpp"
#include "common/wire/codec.hpp"
#include "coordinator/templates/assembly.hpp"
#include "coordinator/templates/members.hpp"
#include "tests/unit/coordinator/templates/library_of.hpp"

using namespace fieldline;
using namespace fieldline::templates;

namespace {

constexpr std::string_view kPumps = R"(
kind: Site
name: north
---
kind: Connection
name: north/sim
spec: {protocol: simulator}
---
kind: SharedScript
name: units
spec: {source: 'return {}'}
---
kind: Template
name: Motor
spec:
  attributes:
    Running: {type: bool, address: "memory:run", writable: true}
    Speed: {type: float, unit: rpm, value: 0}
---
kind: Template
name: Pump
spec:
  parent: Motor
  attributes:
    Speed: {unit: "%", locked: [unit]}
    Flow: {type: float, unit: m3/h, address: "memory:flow"}
    Mode: {type: string, value: auto, writable: true}
  alarms:
    NoFlow: {attribute: Flow, kind: limits, lo: {value: 1, deadband: 0.5}, script: Stop, on_delay: 5s}
    Manual: {attribute: Mode, kind: value-match, match: manual}
  scripts:
    Stop: {source: 'attributes.set("Running", false)'}
    Guard:
      source: 'if attributes.get("Flow") then scripts.call("Stop") end'
      trigger: {kind: value-change, attributes: [Flow, Mode]}
    Tick: {source: 'log.info(shared.units.name)', trigger: {kind: interval, interval: 1s}}
---
kind: Template
name: T
spec:
  slots:
    Pump1: {template: Pump, alarms: {NoFlow: {priority: 800}}}
    Pump2: {template: Pump}
  attributes: {Pump2.Speed: {value: 25}, Level: {type: int, value: 3}}
  alarms: {Pump2.NoFlow: {on_delay: 10s}}
---
kind: Template
name: Unsound
spec: {parent: T, alarms: {Pump1.NoFlow: {hi: {value: 0}}}}
)";

// What an instance may say, sound and not; of every field at least once.
const std::vector<std::string> kAttributes{
    "Pump1.Speed: {value: 3}",
    "Pump1.Speed: {value: fast}",
    "Pump2.Speed: {unit: rpm}",
    "Pump2.Flow: {unit: l/s}",
    "Pump1.Flow: {type: int}",
    "Pump1.Flow: {type: string}",
    "Pump2.Mode: {type: bool, value: true}",
    "Pump1.Running: {writable: false}",
    "Pump1.Mode: {retained: true}",
    "Level: {retained: true}",
    "Level: {value: 3.5}",
    "Level: {value: 4, writable: true, retained: true}",
    "Pump1.Flow: {address: 'memory:elsewhere'}",
    "Level: {address: 'memory:level'}",
    "Pump3.Speed: {value: 1}",
};
const std::vector<std::string> kAlarms{
    "Pump1.NoFlow: {attribute: Speed}",
    "Pump1.NoFlow: {attribute: Nothing}",
    "Pump2.NoFlow: {kind: bad-quality}",
    "Pump1.Manual: {kind: range, range: {low: 1, high: 2}}",
    "Pump1.NoFlow: {kind: rate-of-change, rate: {change: 1, within: 1s}}",
    "Pump2.NoFlow: {kind: range, range: {low: 3, high: 2, deadband: -1}}",
    "Pump1.NoFlow: {latching: true, message: help, off_delay: 3s, on_delay: 1s}",
    "Pump2.NoFlow: {hi: {value: 5}, hihi: {value: 7}, lolo: {value: 0}}",
    "Pump2.NoFlow: {hi: {value: 0}}",
    "Pump2.NoFlow: {lo: null}",
    "Pump2.Manual: {match: off}",
    "Pump2.Manual: {match: 7}",
    "Pump1.Manual: {priority: 0}",
    "Pump1.Manual: {script: Stop}",
    "Pump1.Manual: {script: Guard}",
    "Nothing: {priority: 3}",
};
const std::vector<std::string> kScripts{
    "Pump1.Stop: {source: 'attributes.set(\"Speed\", 1)'}",
    "Pump1.Stop: {source: 'scripts.call(\"Guard\")'}",
    "Pump2.Stop: {source: 'if then'}",
    "Pump2.Guard: {source: 'log.info(attributes.get(\"Mode\"))'}",
    "Pump1.Stop: {trigger: {kind: interval, interval: 1s}}",
    "Pump1.Guard: {trigger: {kind: call}}",
    "Pump1.Guard: {trigger: {kind: value-change, attributes: [Speed, Nothing]}}",
    "Pump2.Tick: {trigger: {kind: condition, condition: {attribute: Mode, operator: '==', value: auto}}}",
    "Pump1.Tick: {memory_limit: 0}",
    "Pump1.Guard: {memory_limit: 65536, min_interval: 1s, timeout: 2s}",
    "Pump2.Guard: {timeout: 0s}",
    "Pump1.Nothing: {timeout: 1s}",
};
const std::vector<std::string> kBindings{
    "Pump1.Running: {connection: sim}",
    "Pump2.Running: {connection: sim, address: 'memory:run2'}",
    "Pump1.Flow: {connection: sim}",
    "Pump2.Flow: {connection: sim, address: 'memory:flow2'}",
};
const std::vector<std::string> kOddBindings{
    "Level: {connection: sim}",
    "Pump2.Mode: {connection: plc}",
    "Pump9.Flow: {connection: sim}",
};

// Up to two of `choices` with different keys, as a YAML flow map.
std::string some_of(const std::vector<std::string>& choices, Random& random) {
  std::map<std::string, std::string> chosen;
  for (auto left = random.below(3); left > 0; --left) {
    const auto& choice = choices[random.below(choices.size())];
    chosen.emplace(choice.substr(0, choice.find(':')), choice);
  }
  std::string text;
  for (const auto& [key, choice] : chosen) text += (text.empty() ? "" : ", ") + choice;
  return "{" + text + "}";
}

std::string bindings(Random& random) {
  std::string text;
  for (const auto& binding : kBindings) {
    if (random.below(20) != 0) text += binding + ", ";
  }
  if (random.below(10) == 0) text += kOddBindings[random.below(kOddBindings.size())];
  return "{" + text + "}";
}

Library random_instances(std::uint64_t seed, int count) {
  Random random(seed);
  std::string text(kPumps);
  for (int i = 0; i < count; ++i) {
    text += fmt::format(
        "\n---\n{{kind: Instance, name: P{}, spec: {{site: north, template: {}, attributes: {}, alarms: {}, "
        "scripts: {}, bindings: {}}}}}",
        i, random.below(8) == 0 ? "Unsound" : "T", some_of(kAttributes, random), some_of(kAlarms, random),
        some_of(kScripts, random), bindings(random));
  }
  return library_of(text);
}

// Everything looked at anew, and nothing shared.
Result<Derived> flatten_alone(const Library& library, const Document& instance) {
  Findings findings;
  ScriptCheck scripts;
  check_site(library, instance, findings);
  auto tree = expand(library, instance, findings);
  check_members(library, tree, scripts, findings);
  Bound bound;
  if (tree.complete) bound = bind(tree, library, instance, Unbound::kRefused, findings);
  for (const auto& [name, document] : bound.documents) check_connection(library, *document, findings);
  if (!findings.empty()) return fail(findings.error(instance.key.path()));
  const auto config = config_of(library, tree, bound, instance);
  const auto sealed = wire::seal_config(config);
  if (!sealed) return fail(sealed.error());
  return Derived{sealed->bytes, config, provenance_of(library, tree, bound, instance), sealed->revision};
}

void check_same(const Result<Derived>& alone, const Result<Derived>& shared) {
  REQUIRE(alone.has_value() == shared.has_value());
  if (!alone) {
    CHECK(alone.error().message == shared.error().message);
    CHECK(alone.error().findings == shared.error().findings);
    return;
  }
  CHECK(alone->bytes == shared->bytes);
  CHECK(alone->config == shared->config);
  CHECK(alone->provenance == shared->provenance);
  CHECK(alone->revision == shared->revision);
}

template <class T>
void note_given(const std::map<std::string, Partial<T>>& overrides, typename Partial<T>::Fields& given) {
  for (const auto& [name, partial] : overrides) given |= partial.given;
}

template <class T>
void check_all_given(const typename Partial<T>::Fields& given) {
  for_each_field<T>([&](const auto& field, auto index) {
    INFO(field.name);
    CHECK((given.test(index) || !is_authored<T>(field.name)));
  });
}

}  // namespace

TEST_CASE("an instance is the same whether or not the tree of its template was looked at before") {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const auto library = random_instances(seed, 150);
    Flattener flattener(library);
    int sound = 0;
    for (const auto& instance : library.all(DocumentKind::kInstance)) {
      INFO("seed " << seed << "\n" << to_json(*instance).dump());
      const auto alone = flatten_alone(library, *instance);
      check_same(alone, flattener.flatten(instance->key.name));
      check_same(alone, flatten(library, instance->key.name));
      const auto sealed = flattener.seal(instance->key.name);
      REQUIRE(sealed.has_value() == alone.has_value());
      if (!sealed) continue;
      CHECK(sealed->bytes == alone->bytes);
      ++sound;
    }
    CHECK(sound > 10);
    CHECK(sound < 140);
  }
}

TEST_CASE("the overrides that are compared above are of every field") {
  const auto library = random_instances(1, 500);
  Partial<Alarm>::Fields alarms;
  Partial<Attribute>::Fields attributes;
  Partial<Script>::Fields scripts;
  for (const auto& instance : library.all(DocumentKind::kInstance)) {
    note_given(instance->instance().alarms, alarms);
    note_given(instance->instance().attributes, attributes);
    note_given(instance->instance().scripts, scripts);
  }
  check_all_given<Alarm>(alarms);
  check_all_given<Attribute>(attributes);
  check_all_given<Script>(scripts);
}

TEST_CASE("many templates flatten the same though not all their trees are kept at once") {
  std::string text(kPlace);
  for (int i = 0; i < 40; ++i) {
    text += fmt::format("---\n{{kind: Template, name: T{}, spec: {{attributes: {{", i);
    for (int k = 0; k < 1500; ++k) text += fmt::format("A{}: {{type: int, unit: u{}}}, ", k, i);
    text += fmt::format(
        "}}}}}}\n---\n{{kind: Instance, name: Q{0}, spec: {{site: north, template: T{0}}}}}\n", i);
  }
  const auto library = library_of(text);
  Flattener flattener(library);
  std::vector<Revision> revisions;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 40; ++i) {
      const auto sealed = flattener.seal(fmt::format("Q{}", i));
      REQUIRE(sealed);
      if (round == 0) revisions.push_back(sealed->revision);
      CHECK(sealed->revision == revisions[static_cast<std::size_t>(i)]);
    }
  }
}
