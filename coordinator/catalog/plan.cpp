#include "coordinator/catalog/plan.hpp"

#include <fmt/format.h>

#include "coordinator/templates/references.hpp"
#include "coordinator/templates/sealing.hpp"
#include "coordinator/templates/validate.hpp"

namespace fieldline::catalog {

using templates::Document;
using templates::DocumentKey;
using templates::DocumentPointer;
using templates::Library;

namespace {

Applied outcome_of(const Document& document, const Document* current) {
  const auto outcome = current == nullptr                       ? Outcome::kCreated
                       : current->revision == document.revision ? Outcome::kUnchanged
                                                                : Outcome::kChanged;
  return {document.key.kind, document.key.name, outcome, document.revision,
          current == nullptr ? Revision() : current->revision};
}

Result<Plan> plan_documents(const LibraryPointer& before, const std::vector<DocumentPointer>& documents,
                            const SecretBox& box) {
  Plan plan;
  for (const auto& written : documents) {
    const auto document = templates::seal(written, before->find(written->key), box);
    plan.applied.push_back(outcome_of(*document, before->find(document->key)));
    if (plan.applied.back().outcome != Outcome::kUnchanged) plan.written.push_back(document);
  }
  if (plan.written.empty()) {
    plan.after = before;
    return plan;
  }
  plan.after = std::make_shared<const Library>(before->with(plan.written));
  if (auto sound = templates::validate_change(*before, *plan.after); !sound)
    return fail(std::move(sound.error()));
  return plan;
}

Result<> check_match(const Document* current, const DocumentKey& key, const IfMatch& if_match) {
  if (current == nullptr) {
    if (!if_match) return {};
    return fail(ErrorCode::kPreconditionFailed, fmt::format("{} does not exist any more", key.path()));
  }
  if (!if_match) {
    return fail(ErrorCode::kPreconditionRequired,
                fmt::format("{} exists: say with If-Match which revision you want to change", key.path()));
  }
  if (*if_match == "*" || *if_match == current->revision) return {};
  return fail(ErrorCode::kPreconditionFailed,
              fmt::format("{} has changed since you read it: read it again", key.path()));
}

Error needed_by(const DocumentKey& key, const std::vector<DocumentKey>& dependants) {
  Error error{
      ErrorCode::kConflict, fmt::format("{} is still used; change what uses it first", key.path()), "", {}};
  for (const auto& dependant : dependants) {
    error.findings.push_back({"dependant", dependant.path(), fmt::format("it uses {}", key.path())});
  }
  return error;
}

}  // namespace

Result<Plan> plan_apply(const LibraryPointer& before, std::string_view text, templates::TextFormat format,
                        const SecretBox& box) {
  const auto documents = templates::parse_documents(text, format);
  if (!documents) return fail(documents.error());
  return plan_documents(before, *documents, box);
}

Result<Plan> plan_put(const LibraryPointer& before, const DocumentKey& key, std::string_view text,
                      templates::TextFormat format, const IfMatch& if_match, const SecretBox& box) {
  const auto documents = templates::parse_documents(text, format);
  if (!documents) return fail(documents.error());
  if (documents->size() != 1 || documents->front()->key != key) {
    return fail(ErrorCode::kInvalid,
                fmt::format("the text must be the one {} {}, as the address says", name(key.kind), key.name));
  }
  if (auto match = check_match(before->find(key), key, if_match); !match)
    return fail(std::move(match.error()));
  return plan_documents(before, *documents, box);
}

Result<Plan> plan_remove(const LibraryPointer& before, const DocumentKey& key, const IfMatch& if_match) {
  const auto* current = before->find(key);
  if (current == nullptr) return fail(ErrorCode::kNotFound, fmt::format("there is no {}", key.path()));
  if (auto match = check_match(current, key, if_match); !match) return fail(std::move(match.error()));
  const auto dependants = templates::dependants(*before, key);
  if (!dependants.empty()) return fail(needed_by(key, dependants));
  Plan plan;
  plan.applied.push_back({key.kind, key.name, Outcome::kChanged, {}, current->revision});
  plan.removed.push_back(key);
  plan.after = std::make_shared<const Library>(before->without(key));
  return plan;
}

}  // namespace fieldline::catalog
