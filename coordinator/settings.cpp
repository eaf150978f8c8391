#include "coordinator/settings.hpp"

#include "common/sql/address.hpp"

namespace fieldline::coordinator {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

settings::Table<Settings> settings_table() {
  settings::Table<Settings> table({"fieldline-coordinator", "Configures, deploys to and watches the sites.",
                                   FIELDLINE_VERSION, "/etc/fieldline/coordinator.yaml"});
  table.add("listen.http", &Settings::http,
            "Where REST listens; port 0 takes a free one and writes it to STATE/http.port.");
  table.add("listen.nodes", &Settings::nodes,
            "Where nodes connect; port 0 takes a free one and writes it to STATE/nodes.port.");
  table.add("state", &Settings::state,
            "Directory for the key, the database and the first admin token; made when missing.");
  table.add("database.url", &Settings::database,
            "sqlite:PATH, from the state directory, or postgresql://USER@HOST:PORT/NAME?OPTION=VALUE with "
            "libpq's options; a password goes into a file, named by passfile=FILE.");
  table.add(
      "secrets.key", &Settings::secrets_key,
      "File of the key that stored secrets are sealed with, in STATE unless the path is absolute; made at "
      "the first start.");
  table
      .add("nodes.max", &Settings::max_nodes,
           "Nodes that may be connected at once; each takes a file descriptor.")
      .range(1, 100'000);
  table
      .add("nodes.silence_limit", &Settings::silence_limit, "A node that is silent for this long is offline.")
      .range(seconds(1), minutes(10));
  table.add("nodes.ping_interval", &Settings::ping_interval, "How often a node says that it is alive.")
      .range(milliseconds(100), minutes(1));
  table.add("nodes.health_interval", &Settings::health_interval, "How often a node reports its health.")
      .range(seconds(1), minutes(10));
  table
      .add("deployment.deadline", &Settings::deployment_deadline,
           "An order that a node has not answered after this long has failed.")
      .range(seconds(10), minutes(60));
  table.add("log.level", &Settings::log_level, "The least severe that is logged.");
  table.check([](const Settings& settings) -> Result<> {
    if (settings.ping_interval * 2 > settings.silence_limit) {
      return fail(ErrorCode::kInvalid, "nodes.silence_limit must be at least twice nodes.ping_interval",
                  "nodes.silence_limit");
    }
    return {};
  });
  table.check([](const Settings& settings) -> Result<> {
    const auto address = sql::Address::parse(settings.database);
    if (address) return {};
    return fail(address.error().code, "database.url: " + address.error().message, "database.url");
  });
  return table;
}

}  // namespace fieldline::coordinator
