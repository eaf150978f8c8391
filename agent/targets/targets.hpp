// The targets of a site: external systems by HTTP, databases, mail; each looked up among the artifacts at
// every attempt, so that a mended one helps at once. Lives on the agent's loop; the waiting is done on
// threads of its own. Once it is destroyed nothing is answered.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "agent/targets/courier.hpp"
#include "agent/targets/database_lane.hpp"
#include "agent/targets/transfers.hpp"
#include "common/base/executor.hpp"
#include "common/model/artifact.hpp"

namespace fieldline::targets {

class Targets final : public Courier {
 public:
  struct Surroundings {
    Executor& loop;  // outlives the targets
    Resolve resolve;
    std::filesystem::path own_folder;  // the node's own files, which no artifact opens
    std::string authorities{};         // a file of certificates to trust; empty: the system's
    StatementTimes times{};
  };

  explicit Targets(Surroundings surroundings);
  ~Targets() override;

  void deliver(const Message& message, Done<Outcome> done) override;
  void call(const std::string& system, HttpRequest request, Done<Result<HttpAnswer>> done) override;
  void query(const std::string& connection, DatabaseQuery query, Done<Result<Json>> done) override;

 private:
  template <class T>
  void answer(const Done<T>& done, T with);
  template <class T>
  [[nodiscard]] std::shared_ptr<const T> artifact(ArtifactKind kind, const std::string& name) const;

  void post(const Message& message, const HttpRequest& request, const std::string& name, Done<Outcome> done);
  void write(const Message& message, const DatabaseWrite& write, const std::string& name, Done<Outcome> done);
  void mail(const Message& message, const Mail& mail, const std::string& name, Done<Outcome> done);
  void transfer(Result<Transfer> made, Done<Outcome> done, Outcome (*judge)(const TransferEnd&));
  // Null when all lanes are busy.
  DatabaseLane* lane(const std::string& name, DatabaseUse use);

  const Surroundings around_;
  const std::shared_ptr<Targets*> self_;  // late answers find it gone
  std::map<std::string, std::unique_ptr<DatabaseLane>> lanes_;
  Transfers transfers_;
};

}  // namespace fieldline::targets
