#include "common/settings/document.hpp"

#include <catch2/catch.hpp>

#include "common/settings/limits.hpp"

namespace fieldline::settings {
namespace {

Error refusal(const std::string& bytes) {
  const auto parsed = parse_document(bytes, "agent.yaml");
  REQUIRE_FALSE(parsed);
  return parsed.error();
}

TEST_CASE("groups become keys with dots, each with its line") {
  const auto parsed = parse_document(
      "site: north\nlisten:\n  http: '127.0.0.1:80'\n  tls:\n    on: true\nlast: [a, b]\n", "f");
  REQUIRE(parsed);
  REQUIRE(parsed->size() == 4);
  CHECK((*parsed)[0].key == "site");
  CHECK((*parsed)[1].key == "listen.http");
  CHECK((*parsed)[1].texts == std::vector<std::string>{"127.0.0.1:80"});
  CHECK((*parsed)[1].line == 3);
  CHECK((*parsed)[2].key == "listen.tls.on");
  CHECK((*parsed)[3].key == "last");
  CHECK((*parsed)[3].list);
  CHECK((*parsed)[3].texts == std::vector<std::string>{"a", "b"});
}

TEST_CASE("an empty file, or one of comments, sets nothing") {
  CHECK(parse_document("", "f").value().empty());
  CHECK(parse_document("# nothing\n\n", "f").value().empty());
  CHECK(parse_document("---\n", "f").value().empty());
  CHECK(parse_document("---\nsite: north\n...\n", "f").value().size() == 1);
}

TEST_CASE("a key without a value is kept as such") {
  const auto parsed = parse_document("listen:\nsite: ~\n", "f");
  REQUIRE(parsed);
  REQUIRE(parsed->size() == 2);
  CHECK((*parsed)[0].texts.empty());
  CHECK((*parsed)[1].texts.empty());
}

TEST_CASE("a key that is given twice is refused at its second place") {
  const auto error = refusal("listen:\n  http: 'a:1'\n  grpc: 'a:2'\n  http: 'a:3'\n");
  CHECK(error.where == "agent.yaml:4");
  CHECK(error.message == "listen.http is given twice");
}

TEST_CASE("bytes that are not UTF-8 are refused with their line") {
  const std::vector<std::string> wrong{"\xff",         "\xc0\x80",          "\xe0\x80\x80",
                                       "\xed\xa0\x80", "\xf4\x90\x80\x80",  "\xf5\x80\x80\x80",
                                       "\xc3",         std::string(1, '\0')};
  for (const auto& bytes : wrong) {
    const auto error = refusal("site: north\nnode: " + bytes + "\n");
    CHECK(error.where == "agent.yaml:2");
    CHECK(error.message == "the file is not UTF-8 text");
  }
  CHECK(parse_document("site: K\xc3\xb6ln \xe2\x82\xac \xf0\x9f\x9a\xb0\n", "f"));
}

TEST_CASE("what YAML allows and settings do not need is refused") {
  CHECK(refusal("a: &x 1\nb: *x\n").message.find("anchors") == 0);
  CHECK(refusal("a: 1\n---\nb: 2\n").message == "a settings file holds one document");
  CHECK(refusal("- a\n- b\n").message == "a list is out of place here");
  CHECK(refusal("just text\n").message == "expected settings, each as 'key: value'");
  CHECK(refusal("a: [[1]]\n").message == "a list is out of place here");
  CHECK(refusal("a: [{b: 1}]\n").message == "a group of settings is out of place here");
  CHECK(refusal("? [a]\n: 1\n").message == "a list is out of place here");
  CHECK(refusal("'': 1\n").message == "a key may not be empty");
  CHECK(refusal("a: [1, ]\nb: [~]\n").where == "agent.yaml:2");
}

TEST_CASE("text that is not YAML is refused with its line") {
  CHECK(refusal("site: north\nnode: [a\n").where.find("agent.yaml:") == 0);
  CHECK(refusal("site: 'north\n").where.find("agent.yaml:") == 0);
  CHECK(refusal("a:\n\t- tab\n").where == "agent.yaml:2");
}

TEST_CASE("a list and the nesting of groups have limits") {
  std::string list = "a: [";
  for (std::size_t i = 0; i <= kListItems; ++i) list += "x, ";
  CHECK(refusal(list + "]\n").message.find("more than 64 items") != std::string::npos);
  CHECK_FALSE(parse_document(std::string(100'000, '{'), "f"));
  CHECK_FALSE(parse_document(std::string(100'000, '['), "f"));
}

TEST_CASE("a file that is not there, no file, or far too large is refused") {
  CHECK(read_file("/no/such/file.yaml").error().message ==
        "cannot read the settings: No such file or directory");
  CHECK(read_file("/tmp").error().message == "is not a regular file");
  CHECK(read_file("/proc/self/exe").error().code == ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace fieldline::settings
