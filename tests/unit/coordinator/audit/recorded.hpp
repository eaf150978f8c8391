// A plant whose coordinator has an audit log, on any kind of database. For tests.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "coordinator/audit/artifact_ends.hpp"
#include "coordinator/audit/operation_ends.hpp"
#include "tests/postgresql/places.hpp"
#include "tests/unit/coordinator/deployment/plant.hpp"

namespace fieldline::audit::test {

template <class Place>
struct PlaceOfPlant {
  const Place place;
};

template <class Place>
class RecordedPlant : private PlaceOfPlant<Place>, public deployment::Plant {
 public:
  RecordedPlant() : Plant(this->place.connection()) {}
};

// The log of one run of the coordinator.
struct Recorded {
  explicit Recorded(deployment::Plant& plant_) : plant(plant_), rows(*plant.central->database) {
    auto opened = Log::open({*plant.central->loop, *plant.central->worker, rows}, plant.folder / "audit.key");
    REQUIRE(opened);
    log = std::move(*opened);
    operations.emplace(OperationEnds::Neighbours{*plant.central->loop, *plant.central->worker, rows,
                                                 *plant.central->records, *plant.central->deployments, *log});
    REQUIRE(operations->start());
    artifacts.emplace(ArtifactEnds::Neighbours{rows, *plant.central->artifacts, *log});
    REQUIRE(artifacts->start());
    plant.time.run_for(std::chrono::seconds(1));
  }

  // Oldest first.
  std::vector<Entry> entries() {
    plant.time.run_for(std::chrono::seconds(1));
    std::optional<Result<std::vector<Entry>>> got;
    Query query;
    query.limit = 100;
    log->page(query, [&](Result<std::vector<Entry>> page) { got = std::move(page); });
    REQUIRE(plant.time.run_until([&] { return got.has_value(); }, std::chrono::seconds(1)));
    REQUIRE(*got);
    return {(*got)->rbegin(), (*got)->rend()};
  }

  deployment::Plant& plant;
  database::AuditRecords rows;
  std::unique_ptr<Log> log;
  std::optional<OperationEnds> operations;
  std::optional<ArtifactEnds> artifacts;
};

inline Json details_of(const Entry& entry) {
  return Json::parse(entry.details);
}

}  // namespace fieldline::audit::test
