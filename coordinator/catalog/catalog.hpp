// The current documents. Who reads sees one snapshot; who writes writes all or nothing, one write
// after the other, and the snapshot changes once the write is on the disk. Refuses what would leave a
// template unsound or a reference dangling. Lives on the coordinator's loop; library() from any thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/executor.hpp"
#include "common/base/result.hpp"
#include "common/base/secret_box.hpp"
#include "common/base/worker.hpp"
#include "coordinator/database/documents.hpp"
#include "coordinator/templates/documents.hpp"
#include "coordinator/templates/library.hpp"

namespace fieldline::catalog {

enum class Outcome { kCreated, kChanged, kUnchanged };

}  // namespace fieldline::catalog

template <>
inline constexpr std::array fieldline::kEnumNames<fieldline::catalog::Outcome> =
    std::to_array<std::string_view>({"created", "changed", "unchanged"});

namespace fieldline::catalog {

struct Applied {
  templates::DocumentKind kind = templates::DocumentKind::kSite;
  std::string name;
  Outcome outcome = Outcome::kUnchanged;
  Revision revision;  // of the document, as its strong ETag; empty: it is gone
  Revision before;    // what it was; empty: it is new. Not shown

  static constexpr auto fields =
      fields_in_order(required("kind", &Applied::kind), required("name", &Applied::name),
                      required("outcome", &Applied::outcome), required("revision", &Applied::revision));
  friend bool operator==(const Applied&, const Applied&) = default;
};

// The revision that a writer believes is current; "*": any. Needed to change or remove what exists.
using IfMatch = std::optional<Revision>;

template <class T>
using Answer = std::function<void(Result<T>)>;

using LibraryPointer = std::shared_ptr<const templates::Library>;

class Catalog {
 public:
  struct Neighbours {
    Executor& loop;
    Worker& worker;  // parses and validates
    database::DocumentRecords& records;
    const SecretBox& box;  // seals the secrets of documents
  };

  explicit Catalog(Neighbours neighbours);
  ~Catalog();
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  // Reads all documents. Before any other; waits for the database.
  Result<> start();

  // The current snapshot. Any thread.
  [[nodiscard]] LibraryPointer library() const;

  // Documents of a text, all or none; the answer is in the order of the text. A dry run answers the
  // same and writes nothing. Errors of the writes: kInvalid: the text; kValidationFailed: what it
  // says, with all findings; kConflict: a deployed instance can't move to another site; kExhausted.
  void apply(std::string text, templates::TextFormat format, bool dry_run, std::string author,
             Answer<std::vector<Applied>> done);
  // One document, whose kind and name must be those of `key`. Also kPreconditionRequired and
  // kPreconditionFailed.
  void put(templates::DocumentKey key, std::string text, templates::TextFormat format, IfMatch if_match,
           std::string author, Answer<Applied> done);
  // Answers the revision that is gone. Also kNotFound; kConflict with the dependants as findings, or
  // because the instance is deployed.
  void remove(templates::DocumentKey key, IfMatch if_match, std::string author, Answer<Revision> done);
  // For the Deployment Manager, once the site has confirmed: whatever its revision.
  void remove_undeployed(const std::string& instance, std::string author, Answer<void> done);

  // Who knows whether an instance is deployed, or about to be. Asked on the loop.
  void set_deployed(std::function<bool(const std::string& instance)> is_deployed);
  // Called on the loop after each change of the snapshot.
  void on_change(std::function<void(const LibraryPointer& before, const LibraryPointer& after)> listener);

 private:
  class Desk;
  std::shared_ptr<Desk> desk_;
};

}  // namespace fieldline::catalog
