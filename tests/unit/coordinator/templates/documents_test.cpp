#include <algorithm>

#include "common/base/random.hpp"
#include "coordinator/templates/text.hpp"
#include "tests/unit/coordinator/templates/library_of.hpp"

using namespace fieldline;
using namespace fieldline::templates;

namespace {

Error refusal(std::string_view text, TextFormat format = TextFormat::kYaml) {
  auto documents = parse_documents(text, format);
  if (documents) FAIL("it was taken: " << text);
  return documents.error();
}

bool says(const Error& error, std::string_view words) {
  return error.describe().find(words) != std::string::npos;
}

class RandomTree {
 public:
  explicit RandomTree(std::uint64_t seed) : random_(seed) {}

  Json tree(int depth) {
    switch (random_.below(depth > 0 ? 8 : 6)) {
      case 0:
        return nullptr;
      case 1:
        return random_.below(2) == 0;
      case 2:
        return static_cast<std::int64_t>(random_.below(2'000'000)) - 1'000'000;
      case 3:
        return (random_.fraction() - 0.5) * 1e9;
      case 4:
      case 5:
        return text();
      case 6: {
        auto list = Json::array();
        for (auto i = random_.below(5); i > 0; --i) list.push_back(tree(depth - 1));
        return list;
      }
      default: {
        auto object = Json::object();
        for (auto i = random_.below(5); i > 0; --i) object[text()] = tree(depth - 1);
        return object;
      }
    }
  }

 private:
  std::string text() {
    static const std::vector<std::string> kPieces{
        "a",  "Pump", " ",  "\n",  "\t", ":", "#",      "- ",   "'",  "\"", "\\", "{",    "}",    "[",
        ",",  "&a",   "*a", "!x",  "|",  ">", "%",      "@",    "`",  "~",  "?",  "true", "null", "0x1F",
        "12", "1e5",  ".5", "---", "…",  "é", "\u2028", "\x01", "\r", "=",  "<<", "..."};
    std::string built;
    for (auto i = random_.below(6); i > 0; --i) built += kPieces[random_.below(kPieces.size())];
    return built;
  }

  Random random_;
};

}  // namespace

TEST_CASE("what is written as YAML is read back as it was") {
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    auto tree = RandomTree(seed).tree(4);
    if (tree.is_null()) continue;  // an empty document
    const auto text = yaml_of(tree);
    const auto read = parse_yaml("---\n" + text);
    INFO("seed " << seed << ":\n" << text);
    REQUIRE(read);
    REQUIRE(read->size() == 1);
    REQUIRE(read->front() == tree);
  }
}

TEST_CASE("a source text is exported as an engineer would write it") {
  const auto document =
      documents_of("{kind: Template, name: T, spec: {scripts: {S: {source: \"a = 1\\nb = 2\\n\"}}}}");
  CHECK(export_documents(document, TextFormat::kYaml) == R"(---
kind: Template
name: T
spec:
  scripts:
    S:
      source: |
        a = 1
        b = 2
)");
}

TEST_CASE("export and apply change nothing, in either format, byte for byte") {
  const auto documents = documents_of(R"(
kind: Instance
name: P1
spec:
  site: north
  template: Pump
  area: hall/one
  attributes: {Speed: {value: 12.5}, Name: {value: "yes"}, At: {value: "2026-01-02T03:04:05Z"}}
  bindings: {Run: {connection: plc1, address: "coil:7"}}
---
kind: Template
name: Pump
spec:
  description: "A pump: it pumps"
  attributes:
    Speed: {type: float, unit: "%", locked: [unit, type]}
    Run: {type: bool, address: "coil:1", writable: true}
    Name: {type: string}
    At: {type: timestamp}
  alarms:
    High: {attribute: Speed, kind: limits, hi: {value: 90, deadband: 1.5}, hihi: null, on_delay: 1500ms}
  slots: {Motor: {template: M, locked: [template]}}
---
kind: Template
name: M
---
kind: Connection
name: north/plc1
spec: {protocol: modbus-tcp, endpoint: "10.0.0.7:502", options: {unit: 3}}
---
kind: Site
name: north
)");
  for (const auto format : {TextFormat::kYaml, TextFormat::kJson}) {
    const auto text = export_documents(documents, format);
    const auto again = parse_documents(text, format);
    REQUIRE(again);
    CHECK(export_documents(*again, format) == text);
    auto reversed = *again;
    std::reverse(reversed.begin(), reversed.end());
    CHECK(export_documents(reversed, format) == text);
    const Library before(documents);
    for (const auto& document : *again) CHECK(before.find(document->key)->revision == document->revision);
  }
}

TEST_CASE("the same document has the same revision however it was spelled") {
  const auto revision = [](std::string_view yaml) { return documents_of(yaml).front()->revision; };
  CHECK(
      revision("kind: Template\nname: T\nspec:\n  attributes:\n    A: {type: int, unit: m}") ==
      revision("{name: 'T', spec: {parent: '', attributes: {A: {unit: \"m\", type: int}}}, kind: Template}"));
  CHECK(revision("{kind: Template, name: T, spec: {attributes: {A: {type: int, value: 1}}}}") !=
        revision("{kind: Template, name: T, spec: {attributes: {A: {type: int, value: 2}}}}"));
}

TEST_CASE("JSON takes one document or a list of them") {
  CHECK(parse_documents(R"({"kind": "Site", "name": "a"})", TextFormat::kJson)->size() == 1);
  CHECK(
      parse_documents(R"([{"kind": "Site", "name": "a"}, {"kind": "Site", "name": "b"}])", TextFormat::kJson)
          ->size() == 2);
}

TEST_CASE("an option is a text, even where an engineer writes a number") {
  const auto document = documents_of(
      "{kind: Connection, name: a/b, spec: {protocol: simulator, options: {unit: 1, on: true}}}");
  CHECK(document.front()->connection().options ==
        std::map<std::string, std::string>{{"on", "true"}, {"unit", "1"}});
}

TEST_CASE("a mistake is told with its document, place and line") {
  const auto error = refusal(
      "kind: Site\nname: north\n---\nkind: Template\nname: Pump\nspec:\n  attributes:\n    Speed:\n      "
      "unti: rpm\n");
  REQUIRE(error.findings.size() == 1);
  CHECK(error.findings[0].code == "invalid-document");
  CHECK(error.findings[0].path == "templates/Pump/spec/attributes/Speed/unti");
  CHECK(says(error, "line 9"));
  CHECK(says(refusal("[{\"kind\": \"Site\",\n \"name\": \"a\",\n \"spec\": {\"x\": 1}}]", TextFormat::kJson),
             "/spec/x"));
}

TEST_CASE("every document that can't be taken is named at once") {
  const auto error =
      refusal("kind: Sight\nname: a\n---\nkind: Site\nname: 'no name'\n---\nkind: Site\n---\n- 1\n");
  REQUIRE(error.findings.size() == 4);
  CHECK(error.findings[0].path == "document 1/kind");
  CHECK(error.findings[1].path == "sites/no name/name");
  CHECK(error.findings[2].path == "sites/");
  CHECK(error.findings[3].path == "document 4");
}

TEST_CASE("what has two meanings or none is refused") {
  CHECK(says(refusal("kind: Site\nkind: Site\nname: a\n"), "stands twice"));
  CHECK(says(refusal("kind: Site\nkind: Site\nname: a\n"), "line 2"));
  CHECK(says(refusal(R"({"kind": "Site", "name": "a", "name": "b"})", TextFormat::kJson), "stands twice"));
  CHECK(says(refusal("kind: Site\nname: a\n---\nkind: Site\nname: a\n"), "duplicate-document"));
  CHECK(says(refusal("kind: Site\nname: a\nspec: {description: .nan}\n"), "NaN"));
  CHECK(says(refusal("kind: Site\nname: a\nspec: {description: -.inf}\n"), "infinities"));
  CHECK(says(refusal("kind: Site\nname: a\nspec: {description: 99999999999999999999}\n"), "out of range"));
  CHECK(says(refusal("? [a]\n: b\n"), "a key is a word"));
  CHECK(says(refusal("kind: !!python/object Site\nname: a\n"), "tag"));
  CHECK(says(refusal("kind: Site\nname: \"\xff\"\n"), "UTF-8"));
  CHECK(says(refusal("[\"\xff\"]", TextFormat::kJson), "UTF-8"));
  CHECK(says(refusal("kind: [Site\n"), "not YAML"));
  CHECK(says(refusal("{\"kind\": \n\n nope}", TextFormat::kJson), "line 3"));
  CHECK(says(
      refusal("{kind: Instance, name: I, spec: {site: a, template: T, attributes: {A: {locked: [unit]}}}}"),
      "nothing to lock"));
  CHECK(says(refusal("{kind: Template, name: T, spec: {attributes: {A: {name: B}}}}"),
             "no field named 'name'"));
  CHECK(says(refusal("{kind: Template, name: T, spec: {attributes: {A: {connection: plc}}}}"),
             "no field named"));
  CHECK(says(refusal("{kind: Template, name: T, spec: {attributes: {A..B: {type: int}}}}"),
             "not a legal name"));
  CHECK(says(refusal("{kind: Template, name: T, spec: {slots: {a.b: {template: X}}}}"), "not a legal name"));
  CHECK(says(refusal("{kind: Connection, name: plc1, spec: {protocol: simulator}}"), "north/plc1"));
}

TEST_CASE("a stray comma does not begin documents for ever") {
  CHECK(says(refusal(",kind: Site\nname: a\n"), "line 1"));
}

TEST_CASE("an alias bomb is refused at its first anchor") {
  CHECK(says(refusal("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"), "anchors"));
  CHECK(says(refusal("&x kind: Site\n"), "anchors"));
}

TEST_CASE("nesting is bounded in both formats") {
  std::string block;
  for (int i = 0; i < 40; ++i) block += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  CHECK(says(refusal(block), "nest deeper"));
  const std::string open(100'000, '[');
  CHECK(says(refusal(open, TextFormat::kJson), "nest deeper"));
  refusal(open);
}

TEST_CASE("a text over the limit is refused before it is read") {
  CHECK(refusal(std::string((std::size_t{32} << 20) + 1, ' ')).code == ErrorCode::kTooLarge);
}

TEST_CASE("no text crashes the reader") {
  const std::string sound =
      "kind: Template\nname: T\nspec: {attributes: {A: {type: int, value: 3}}, scripts: {S: {source: "
      "\"x\\ny\"}}}\n";
  Random random(3);
  for (int round = 0; round < 3000; ++round) {
    auto text = sound;
    for (auto i = 1 + random.below(4); i > 0; --i) {
      text[random.below(text.size())] = static_cast<char>(random.below(127) + 1);
    }
    static_cast<void>(parse_documents(text, TextFormat::kYaml));
    static_cast<void>(parse_documents(text, TextFormat::kJson));
  }
}
