#include <fmt/format.h>
#include <sys/resource.h>

#include "coordinator/templates/limits.hpp"
#include "coordinator/templates/validate.hpp"
#include "tests/unit/coordinator/templates/library_of.hpp"

using namespace fieldline;
using namespace fieldline::templates;
using namespace std::chrono_literals;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kInstrumented = true;  // figures then tell of the instruments
#else
constexpr bool kInstrumented = false;
#endif

// What the process has taken since: processor time, and how much its largest size has grown.
class Cost {
 public:
  [[nodiscard]] std::chrono::seconds time() const { return time_now() - time_; }
  [[nodiscard]] long mebibytes() const { return (size_now() - size_) / 1024; }

 private:
  static rusage usage() {
    rusage now{};
    REQUIRE(getrusage(RUSAGE_SELF, &now) == 0);
    return now;
  }
  static std::chrono::seconds time_now() {
    const auto now = usage();
    return std::chrono::seconds(now.ru_utime.tv_sec + now.ru_stime.tv_sec);
  }
  static long size_now() { return usage().ru_maxrss; }

  std::chrono::seconds time_ = time_now();
  long size_ = size_now();
};

void check_cost(const Cost& cost, std::chrono::seconds time, long mebibytes) {
  if (kInstrumented) return;
  CHECK(cost.time() < time);
  CHECK(cost.mebibytes() < mebibytes);
}

Error refused_text(std::string_view text, TextFormat format = TextFormat::kYaml) {
  const auto documents = parse_documents(text, format);
  if (documents) FAIL("it was taken: " << text.substr(0, 200));
  return documents.error();
}

bool tells(const Error& error, std::string_view words) {
  return error.describe().find(words) != std::string::npos;
}

std::string repeated(std::string_view piece, std::size_t bytes) {
  std::string text;
  while (text.size() + piece.size() <= bytes) text += piece;
  return text;
}

// A template whose every level holds the one below `width` times.
std::string slots_that_multiply(int levels, int width, const std::string& leaf) {
  auto yaml = "kind: Template\nname: L0\nspec: " + leaf + "\n";
  for (int level = 1; level <= levels; ++level) {
    yaml += fmt::format("---\nkind: Template\nname: {}\nspec:\n  slots:\n",
                        level == levels ? "T" : fmt::format("L{}", level));
    for (int slot = 0; slot < width; ++slot) {
      yaml += fmt::format("    S{}: {{template: L{}}}\n", slot, level - 1);
    }
  }
  return yaml;
}

std::vector<std::string> codes_of(const Result<Derived>& derived) {
  std::vector<std::string> codes;
  if (!derived) {
    for (const auto& finding : derived.error().findings) codes.push_back(finding.code);
  }
  return codes;
}

}  // namespace

TEST_CASE("slots that multiply to millions of members are refused before they cost anything") {
  const auto library =
      library_of(placed(slots_that_multiply(7, 10, "{attributes: {A: {type: int}, B: {type: int}}}")));
  const Cost cost;
  CHECK(codes_of(flatten(library, "P")) == std::vector<std::string>{"too-many-members"});
  CHECK_FALSE(validate(library));
  check_cost(cost, 5s, 300);
}

TEST_CASE("slots that multiply a long text are refused before they cost anything") {
  const auto leaf =
      fmt::format("{{attributes: {{A: {{type: string, value: {}}}}}}}", std::string(100'000, 'x'));
  const auto library = library_of(placed(slots_that_multiply(4, 9, leaf)));
  const Cost cost;
  CHECK(codes_of(flatten(library, "P")) == std::vector<std::string>{"configuration-too-large"});
  check_cost(cost, 5s, 100);
}

TEST_CASE("long scripts are refused: one that Lua does not take, and many that no configuration holds") {
  const auto with_scripts = [](int count, std::size_t bytes) {
    auto yaml = placed("kind: Template\nname: T\nspec:\n  scripts:\n");
    for (int i = 0; i < count; ++i) {
      yaml += fmt::format("    S{}: {{source: \"{}\"}}\n", i, repeated("print(1)\\n", bytes));
    }
    return library_of(yaml);
  };
  CHECK(flatten(with_scripts(5, 100'000), "P"));
  CHECK(codes_of(flatten(with_scripts(1, 200'000), "P")) == std::vector<std::string>{"lua-syntax"});
  CHECK(codes_of(flatten(with_scripts(15, 100'000), "P")) ==
        std::vector<std::string>{"configuration-too-large"});
}

TEST_CASE("a text as large as is taken, of the smallest things there are, is refused at little cost") {
  const Cost cost;
  for (const auto* piece : {"{},", "[],", "0,", "\"\","}) {
    auto list = "[" + repeated(piece, kMaxText - 2);
    list.back() = ']';
    CHECK(tells(refused_text(list, TextFormat::kJson), "more than"));
  }
  CHECK(tells(refused_text("[" + repeated("{},", kMaxText - 2) + "]"), "more than"));
  CHECK(tells(refused_text(repeated("- a\n", kMaxText)), "more than"));
  CHECK(tells(refused_text(repeated("---\na\n", kMaxText)), "more than"));
  check_cost(cost, 60s, 400);
}

TEST_CASE("members without fields, as many as a text holds, cost a bounded amount of memory") {
  std::string json = R"({"kind": "Template", "name": "T", "spec": {"alarms": {)";
  for (int i = 0; i < 900'000; ++i) json += fmt::format("\"A{}\":{{}},", i);
  json.back() = '}';
  json += "}}";
  const Cost cost;
  const Library library(std::vector{*parse_documents(json, TextFormat::kJson)->begin()});
  const auto sound = validate(library);
  REQUIRE_FALSE(sound);
  CHECK(sound.error().findings.size() <= kMaxFindings);
  check_cost(cost, 20s, 1000);
}

TEST_CASE("a text of nothing but mistakes is read twice, not once for each") {
  const auto text = repeated("---\nkind: Site\nname: 1\n", kMaxText / 8);
  const Cost cost;
  const auto error = refused_text(text);
  CHECK(error.findings.size() == kMaxFindings);
  CHECK(error.findings.back().message.starts_with("line 3000: "));
  check_cost(cost, 30s, 700);
}

TEST_CASE("one scalar as large as a text may be is a scalar and no more") {
  const std::string large(std::size_t{8} << 20, 'x');
  const Cost cost;
  CHECK(parse_documents("kind: Site\nname: a\nspec:\n  description: " + large, TextFormat::kYaml));
  CHECK(tells(refused_text("kind: Site\nname: " + large), "not a legal name"));
  CHECK(tells(refused_text(large), "an object"));
  refused_text("kind: Site\nname: a\n" + large + ": 1\n");
  check_cost(cost, 60s, 1000);
}

TEST_CASE("nothing grows with the nesting of a text, whatever nests") {
  for (const auto* piece : {"[", "{", "[{", "- ", "? ", "{a: ", "[[a]: ", "- - ", "! ", "((", "|\n "}) {
    INFO(piece);
    const Cost cost;
    refused_text(repeated(piece, 1'000'000));
    check_cost(cost, 20s, 500);
  }
  for (const auto* piece : {"[", "{\"a\":", "[{\"a\":"}) {
    CHECK(tells(refused_text(repeated(piece, 1'000'000), TextFormat::kJson), "nest deeper"));
  }
}

TEST_CASE("numbers beyond what a plant has are refused, not rounded") {
  const auto value = [](const std::string& number) {
    return fmt::format("{{kind: Template, name: T, spec: {{attributes: {{A: {{type: float, value: {}}}}}}}}}",
                       number);
  };
  for (const auto* number : {"1e999", "-1e999", "1e-999", "9223372036854775808", "-9223372036854775809",
                             "123456789012345678901234567890", ".inf", "-.INF", ".nan", "+.Inf"}) {
    INFO(number);
    CHECK(refused_text(value(number)).code == ErrorCode::kInvalid);
  }
  CHECK(refused_text(value(std::string(1'000'000, '9'))).code == ErrorCode::kInvalid);
  CHECK(refused_text(value("1" + std::string(1'000'000, '0') + ".5")).code == ErrorCode::kInvalid);
  for (const auto* number : {"1e999", "NaN", "Infinity", "-Infinity", "18446744073709551615", "1e", "01"}) {
    INFO(number);
    const auto json = fmt::format(
        R"({{"kind": "Template", "name": "T", "spec": {{"attributes": {{"A": {{"type": "int", "value": {}}}}}}}}})",
        number);
    CHECK(refused_text(json, TextFormat::kJson).code == ErrorCode::kInvalid);
  }
  const auto priority = [](const std::string& number) {
    return fmt::format("{{kind: Template, name: T, spec: {{alarms: {{A: {{priority: {}}}}}}}}}", number);
  };
  CHECK(tells(refused_text(priority("4294967297")), "in range"));
  CHECK(tells(refused_text(priority("1.5")), "an integer"));
  const auto delay = [](const std::string& text) {
    return fmt::format("{{kind: Template, name: T, spec: {{alarms: {{A: {{on_delay: {}}}}}}}}}", text);
  };
  for (const auto* text : {"9223372036854775807d", "-1s", "1e3s", "99999999999999999999s", "1", "s"}) {
    CHECK(tells(refused_text(delay(text)), "duration"));
  }
}

TEST_CASE("a name of 64 characters is taken everywhere, one of 65 nowhere") {
  const auto texts = [](const std::string& name) {
    return std::vector<std::string>{
        fmt::format("{{kind: Site, name: {}}}", name),
        fmt::format("{{kind: Site, name: a, spec: {{nodes: [{}]}}}}", name),
        fmt::format("{{kind: Connection, name: {}/b, spec: {{protocol: simulator}}}}", name),
        fmt::format("{{kind: Connection, name: a/{}, spec: {{protocol: simulator}}}}", name),
        fmt::format("{{kind: Template, name: {}}}", name),
        fmt::format("{{kind: Template, name: T, spec: {{slots: {{{}: {{template: U}}}}}}}}", name),
        fmt::format("{{kind: Template, name: T, spec: {{attributes: {{{}: {{type: int}}}}}}}}", name),
        fmt::format("{{kind: Template, name: T, spec: {{alarms: {{{}: {{}}}}}}}}", name),
        fmt::format("{{kind: Template, name: T, spec: {{scripts: {{a.{}: {{}}}}}}}}", name),
        fmt::format("{{kind: Instance, name: {}, spec: {{site: a, template: T}}}}", name),
        fmt::format("{{kind: Instance, name: I, spec: {{site: a, template: T, area: a/{}}}}}", name),
        fmt::format("{{kind: Instance, name: I, spec: {{site: a, template: T, bindings: {{{}: {{connection: "
                    "c}}}}}}}}",
                    name)};
  };
  for (const auto& text : texts(std::string(64, 'n'))) CHECK(parse_documents(text, TextFormat::kYaml));
  for (const auto* name : {"\"\"", "a b", "1a", "\"a\\0\"", "é", "a/b/c", "\"a\\nb\"", "_a", "-a", "a."}) {
    for (const auto& text : texts(name)) {
      if (text.find("area: a/a/b/c") != std::string::npos) continue;
      INFO(text);
      CHECK_FALSE(parse_documents(text, TextFormat::kYaml));
    }
  }
  for (const auto& text : texts(std::string(65, 'n'))) {
    INFO(text);
    CHECK_FALSE(parse_documents(text, TextFormat::kYaml));
  }
}

TEST_CASE("a path of members is at most 1024 characters long") {
  const auto text = [](std::size_t names) {
    std::string path = "a";
    for (std::size_t i = 1; i < names; ++i) path += ".a";
    return fmt::format("{{kind: Template, name: T, spec: {{attributes: {{{}: {{unit: m}}}}}}}}", path);
  };
  CHECK(parse_documents(text(512), TextFormat::kYaml));
  CHECK_FALSE(parse_documents(text(513), TextFormat::kYaml));
  CHECK_FALSE(parse_documents(text(500'000), TextFormat::kYaml));
}

TEST_CASE("control characters are refused: readers of YAML differ over them, and ours would end at some") {
  const std::string sound = "kind: Site\nname: a\n";
  for (int c = 0; c < ' '; ++c) {
    if (c == '\t' || c == '\n' || c == '\r') continue;
    INFO(c);
    CHECK(tells(refused_text(sound + static_cast<char>(c) + "\n---\nkind: Nonsense\n"), "line 3"));
    CHECK_FALSE(parse_documents(std::string(1, static_cast<char>(c)) + sound, TextFormat::kYaml));
    const auto json = fmt::format(R"({{"kind": "Site", "name": "a"}}{}{{"kind": 1}})", static_cast<char>(c));
    CHECK_FALSE(parse_documents(json, TextFormat::kJson));
    const auto inside = fmt::format(R"({{"kind": "Site", "name": "a{}"}})", static_cast<char>(c));
    CHECK_FALSE(parse_documents(inside, TextFormat::kJson));
  }
}

TEST_CASE("a text that passes for UTF-16 or UTF-32 is not read as such") {
  const std::string sound = "kind: Site\nname: a\n";
  for (const std::size_t width : {2U, 4U}) {
    for (const bool big : {false, true}) {
      std::string wide;
      for (const char c : sound) {
        std::string unit(width, '\0');
        unit[big ? width - 1 : 0] = c;
        wide += unit;
      }
      CHECK_FALSE(parse_documents(wide, TextFormat::kYaml));
      CHECK_FALSE(parse_documents(wide, TextFormat::kJson));
    }
  }
}

TEST_CASE("a NUL in a text value is a character like any other, all the way to the site") {
  const auto library = library_of(placed(
      "{kind: Template, name: T, spec: {attributes: {A: {type: string, value: \"a\\0b\", unit: \"\\0\"}}}}"));
  const auto derived = derived_of(library);
  CHECK(attribute_of(derived, "A").value == Value(std::string("a\0b", 3)));
  const auto text = export_documents(library.all(), TextFormat::kYaml);
  CHECK(derived_of(library_of(text)).bytes == derived.bytes);
}

TEST_CASE("a script with a NUL or with bytecode is refused as Lua that does not compile") {
  for (const auto* source : {"\"a = 1\\0b = 2\"", "\"\\e\\x4CuaT\""}) {
    const auto library = library_of(
        placed(fmt::format("{{kind: Template, name: T, spec: {{scripts: {{S: {{source: {}}}}}}}}}", source)));
    CHECK(codes_of(flatten(library, "P")) == std::vector<std::string>{"lua-syntax"});
  }
}

TEST_CASE("zero has one spelling, and a time only years that can be written again") {
  const auto revision = [](const std::string& value, const std::string& type) {
    const auto derived =
        flatten(library_of(placed(fmt::format(
                    "{{kind: Template, name: T, spec: {{attributes: {{A: {{type: {}, value: {}}}}}}}}}", type,
                    value))),
                "P");
    return derived ? derived->revision : "";
  };
  CHECK(revision("-0.0", "float") == revision("0.0", "float"));
  CHECK(revision("\"9999-12-31T23:59:59Z\"", "timestamp") != "");
  CHECK(revision("\"9999-12-31T23:59:59-00:01\"", "timestamp") == "");
  CHECK(revision("\"0000-01-01T00:00:00+00:01\"", "timestamp") == "");
}
