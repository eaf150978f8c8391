#include "tests/unit/coordinator/api/centre.hpp"

#include <fmt/format.h>

#include <fstream>
#include <future>

#include "common/sql/threaded_database.hpp"
#include "coordinator/api/openapi.hpp"
#include "coordinator/database/migrations.hpp"
#include "coordinator/security/accounts.hpp"
#include "tests/unit/coordinator/api/leaks.hpp"

namespace fieldline::api::test {
namespace {

// No node ever connects.
class SilentRouter final : public net::Router {
 public:
  void on_message(std::function<void(Arrival&&)>) override {}
  void on_refused(std::function<void(const std::string&, std::string_view)>) override {}
  net::Sent send(const Peer&, net::Frames&&) override { return net::Sent::kGone; }
  [[nodiscard]] std::uint64_t refused() const override { return 0; }
};

std::filesystem::path make_folder() {
  auto name = (std::filesystem::temp_directory_path() / "fieldline-api-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("can't make a folder for the test");
  return name;
}

std::string first_line(const std::filesystem::path& file) {
  std::string line;
  std::ifstream stream(file);
  std::getline(stream, line);
  return line;
}

}  // namespace

Centre::Centre(const std::function<void(sql::Database&, Executor&)>& prepare, const std::string& database)
    : folder_(make_folder()),
      address_(database.empty() ? "sqlite:" + (folder_ / "coordinator.db").string() : database),
      author_("author", 1, 64),
      engine_("engine", 1, 64),
      clerk_("clerk", 1, 64),
      admission_(loop_.clock()),
      router_(std::make_unique<SilentRouter>()),
      database_(std::move(sql::open_threaded({address_, "test", database::migrations()}).value())),
      openapi_(Json::parse(openapi_document())) {
  if (prepare) prepare(*database_, loop_);
  coordinator::Settings settings;
  settings.state = folder_;
  settings.password_cost = {.operations = 1, .bytes = 8192};
  coordinator_ = std::move(
      coordinator::Coordinator::build(
          {loop_, *router_, admission_, *database_, author_, engine_, clerk_, box_, Random(1)}, settings)
          .value());
  const auto serving = coordinator_->serve({});
  if (!serving) throw std::runtime_error(serving.error().describe());
  token_ = first_line(folder_ / security::kFirstTokenFile);
  thread_ = std::thread([this] { loop_.run(); });
}

Centre::~Centre() {
  loop_.stop();
  thread_.join();
  coordinator_.reset();
  database_.reset();
  search_for_leaks();
  std::filesystem::remove_all(folder_);
}

void Centre::search_for_leaks() const {
  for (const auto& secret : planted_) {
    for (const auto& file : showing(folder_, secret)) FAIL_CHECK(file << " holds a secret");
  }
  for (const std::string_view name : {security::kFirstTokenFile, std::string_view("audit.key")}) {
    const auto holder = folder_ / name;
    for (const auto& file : showing(folder_, first_line(holder))) {
      if (file != holder) FAIL_CHECK(file << " holds what is in " << holder);
    }
  }
}

Answer Centre::call(const std::string& method, const std::string& target, const std::string& body,
                    const std::string& fields) {
  WireClient client(port());
  auto head = fmt::format("Authorization: Bearer {}\r\n{}", token_, fields);
  if (!body.empty() && fields.find("Content-Type") == std::string::npos)
    head += "Content-Type: application/json\r\n";
  if (!client.send(request(method, target, head, body))) return {};
  auto answer = client.response(method == "HEAD");
  INFO(method << " " << target << " → " << answer.status << " " << answer.body);
  if (method != "HEAD") {
    for (const auto& violation : openapi_.violations_of_answer(method, target, answer.status,
                                                               answer.header("content-type"), answer.body))
      FAIL_CHECK(violation);
  }
  return answer;
}

Json Centre::get(const std::string& target) {
  const auto answer = call("GET", target);
  INFO(target << ": " << answer.body);
  REQUIRE(answer.status == 200);
  return Json::parse(answer.body);
}

std::string Centre::put(const std::string& target, const Json& document) {
  auto answer = call("PUT", target, document.dump());
  if (answer.status == 428) answer = call("PUT", target, document.dump(), "If-Match: *\r\n");
  INFO(target << ": " << answer.body);
  REQUIRE((answer.status == 200 || answer.status == 201));
  return answer.header("etag");
}

const Json& Centre::example(const std::string& name) const {
  return openapi_.document().at("components").at("examples").at(name).at("value");
}

void Centre::put_examples() {
  put("/api/v1/sites/north", example("Site"));
  put("/api/v1/sites/north/connections/plc1", example("Connection"));
  put("/api/v1/templates/Tank", example("Template"));
  put("/api/v1/instances/Tank7", example("Instance"));
}

void Centre::on_loop(std::function<void()> task) {
  std::promise<void> done;
  loop_.post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

}  // namespace fieldline::api::test
