#include "common/settings/table.hpp"

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

namespace fieldline::settings {
namespace {

using namespace std::chrono_literals;

struct Pump {
  std::string site;
  std::string motto = "it's: #1";
  Endpoint http{"127.0.0.1", 8080};
  std::filesystem::path state = "/var/lib/pump";
  int threads = 4;
  bool durable = true;
  Duration silence = 10s;
  std::vector<Endpoint> peers;
  std::optional<int> limit;
};

Table<Pump> table(std::string default_file = "") {
  Table<Pump> table({"pump", "Runs a pump.", "1.2.3", std::move(default_file)});
  table.add("site", &Pump::site, "The site that the pump is at").required();
  table.add("motto", &Pump::motto, "What is on its plate");
  table.add("listen.http", &Pump::http, "Where the pump answers");
  table.add("listen.peers", &Pump::peers, "The other pumps");
  table.add("state", &Pump::state, "Where its state is kept");
  table.add("run.threads", &Pump::threads, "Threads that pump").range(1, 64);
  table.add("run.durable", &Pump::durable, "Whether strokes are synced to the disk");
  table
      .add(
          "run.silence", [](Pump& pump) -> Duration& { return pump.silence; }, "How long it may say nothing")
      .range(1s, 1h);
  table.add("limit", &Pump::limit, "Strokes before it rests");
  table.check([](const Pump& pump) -> Result<> {
    if (!pump.limit || *pump.limit >= pump.threads) return {};
    return fail(ErrorCode::kInvalid, "limit: must be at least run.threads");
  });
  return table;
}

// What a start with these arguments gave: settings or an exit code, and what was printed.
struct Start {
  tl::expected<Pump, int> settings;
  std::string out;
  std::string err;
};

Start start(std::vector<std::string> arguments, const std::string& default_file = "") {
  std::vector<const char*> argv{"pump"};
  for (const auto& argument : arguments) argv.push_back(argument.c_str());
  std::ostringstream out;
  std::ostringstream err;
  auto settings = table(default_file).load(static_cast<int>(argv.size()), argv.data(), out, err);
  return {std::move(settings), out.str(), err.str()};
}

class SettingsFile {
 public:
  explicit SettingsFile(const std::string& text) {
    const int file = ::mkstemp(name_.data());
    REQUIRE(file >= 0);
    ::close(file);
    std::ofstream(name_) << text;
  }
  ~SettingsFile() { std::filesystem::remove(name_); }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_ = (std::filesystem::temp_directory_path() / "pump-XXXXXX").string();
};

TEST_CASE("without a file there are the defaults, and flags change them") {
  const auto run =
      start({"--site", "north", "--run.threads=8", "--listen.peers", "a:1", "--listen.peers", "b:2"});
  REQUIRE(run.settings);
  CHECK(run.settings->site == "north");
  CHECK(run.settings->threads == 8);
  CHECK(run.settings->silence == 10s);
  CHECK(run.settings->peers == std::vector<Endpoint>{{"a", 1}, {"b", 2}});
  CHECK_FALSE(run.settings->limit);
  CHECK(run.err.empty());
}

TEST_CASE("a flag goes before the file, the file before the default") {
  const SettingsFile file(
      "site: north\nrun:\n  threads: 16\n  durable: false\n  silence: 2min\nlimit: 99\nlisten:\n  peers: "
      "['a:1', '[::1]:2']\n");
  const auto run = start({"-c", file.name(), "--run.threads", "3"});
  REQUIRE(run.settings);
  CHECK(run.settings->threads == 3);
  CHECK_FALSE(run.settings->durable);
  CHECK(run.settings->silence == 2min);
  CHECK(run.settings->limit == 99);
  CHECK(run.settings->peers.size() == 2);
  CHECK(run.settings->motto == "it's: #1");
}

TEST_CASE("the default file is read where it exists, and only there") {
  const SettingsFile file("site: south\n");
  CHECK(start({}, file.name()).settings->site == "south");
  CHECK(start({"--site", "x"}, "/no/such/file.yaml").settings->site == "x");
}

TEST_CASE("a wrong setting is named with file and line, and all of them at once") {
  const SettingsFile file(
      "site: north\nrun:\n  threads: 65\n  durable: yes\n  silence: 5\nspeed: 3\nlisten:\n  http: [a, "
      "b]\nmotto:\nstate: ''\n");
  const auto run = start({"-c", file.name()});
  REQUIRE_FALSE(run.settings);
  CHECK(run.settings.error() == 2);
  const auto says = [&](const std::string& line) {
    CAPTURE(run.err, line);
    CHECK(run.err.find("pump: " + file.name() + line + "\n") != std::string::npos);
  };
  says(":3: run.threads: 65 is not in the range 1 to 64");
  says(":4: run.durable: 'yes' is neither true nor false");
  says(":5: run.silence: '5' is not a duration such as 500ms, 2s, 5min or 1h");
  says(":6: speed: there is no such setting; --sample shows all there are");
  says(":8: listen.http: takes one value, not a list");
  says(":9: motto: has no value");
  says(":10: state: a path may not be empty");
}

TEST_CASE("a wrong flag is named") {
  CHECK(start({"--site", "n", "--run.threads", "0"}).err ==
        "pump: --run.threads: 0 is not in the range 1 to 64\n");
  CHECK(start({"--site", "n", "--site", "m"}).err == "pump: --site: is given twice\n");
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"--speed", "3"}, {"north"}, {"--site"}}) {
    const auto run = start(arguments);
    REQUIRE_FALSE(run.settings);
    CHECK(run.settings.error() == 2);
    CHECK(run.err.find("Run 'pump --help'") != std::string::npos);
  }
}

TEST_CASE("a required setting that nobody gives is asked for") {
  const auto run = start({});
  CHECK(run.settings.error() == 2);
  CHECK(run.err == "pump: site: must be set, in the settings file or with --site\n");
}

TEST_CASE("what must hold between settings is checked last") {
  CHECK(start({"--site", "n", "--limit", "2"}).err == "pump: limit: must be at least run.threads\n");
}

TEST_CASE("a file that is named must be there") {
  const auto run = start({"--config", "/no/such/file.yaml"});
  CHECK(run.settings.error() == 2);
  CHECK(run.err == "pump: /no/such/file.yaml: cannot read the settings: No such file or directory\n");
}

TEST_CASE("with --check it tests and exits with 0 or 1") {
  const SettingsFile right("site: north\n");
  const SettingsFile wrong("site: north\nspeed: 3\n");
  const auto good = start({"--check", "-c", right.name()});
  CHECK(good.settings.error() == 0);
  CHECK(good.out == right.name() + ": right\n");
  const auto bad = start({"--check", "-c", wrong.name()});
  CHECK(bad.settings.error() == 1);
  CHECK(bad.err.find(":2: speed:") != std::string::npos);
}

TEST_CASE("the flags --version and --help say it and exit with 0") {
  CHECK(start({"--version"}).out == "pump 1.2.3\n");
  const auto help = start({"--help"});
  CHECK(help.settings.error() == 0);
  for (const auto* part :
       {"Runs a pump.", "--run.threads", "Threads that pump (integer, 1 to 64; default 4)", "--check"}) {
    CAPTURE(help.out, part);
    CHECK(help.out.find(part) != std::string::npos);
  }
}

TEST_CASE("the sample, every setting uncommented, gives the defaults") {
  const auto sample = start({"--sample"});
  REQUIRE(sample.settings.error() == 0);
  CHECK(sample.out.find("\n  # Threads that pump (integer, 1 to 64)\n  #threads: 4\n") != std::string::npos);
  CHECK(sample.out.find("\nsite:\n") != std::string::npos);

  const SettingsFile as_it_is(sample.out);
  CHECK(start({"-c", as_it_is.name()}).err.find("site: has no value") != std::string::npos);

  auto text = std::regex_replace(sample.out, std::regex("#([a-z]+:)"), "$1");
  text = std::regex_replace(text, std::regex("site:\n"), "site: north\n");
  text = std::regex_replace(text, std::regex("limit:\n"), "limit: 7\n");
  const SettingsFile uncommented(text);
  const auto run = start({"-c", uncommented.name()});
  CAPTURE(text, run.err);
  REQUIRE(run.settings);
  CHECK(run.settings->motto == Pump{}.motto);
  CHECK(run.settings->http == Pump{}.http);
  CHECK(run.settings->threads == Pump{}.threads);
  CHECK(run.settings->limit == 7);
}

}  // namespace
}  // namespace fieldline::settings
