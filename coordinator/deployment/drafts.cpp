#include "coordinator/deployment/drafts.hpp"

#include <utility>

#include "common/wire/codec.hpp"
#include "coordinator/deployment/limits.hpp"
#include "coordinator/templates/flatten.hpp"

namespace fieldline::deployment {

// Made on the loop, used on the worker alone.
struct Drafts::Snapshot {
  explicit Snapshot(catalog::LibraryPointer documents) : library(std::move(documents)), flattener(*library) {}

  Result<Draft> draft(const std::string& instance) {
    auto outgoing = flattener.prepare(instance);
    if (!outgoing) return fail(std::move(outgoing.error()));
    auto& [artifacts, provenance, sealed, site] = *outgoing;
    return Draft{std::move(artifacts),
                 {std::move(sealed.bytes), instance, wire::encode(provenance), std::move(sealed.revision)},
                 std::move(site)};
  }

  const catalog::LibraryPointer library;
  templates::Flattener flattener;
};

std::shared_ptr<Drafts::Snapshot> Drafts::present() {
  if (!kept_) kept_ = std::make_shared<Snapshot>(catalog_.library());
  return kept_;
}

void Drafts::refresh() {
  // Its trees go where that holds nobody up.
  if (kept_)
    static_cast<void>(worker_.try_post([gone = std::exchange(kept_, nullptr)]() mutable { gone.reset(); }));
}

void Drafts::make(const std::string& instance, Answer<Draft> done) {
  const bool taken = worker_.try_post([&loop = loop_, snapshot = present(), instance, done]() mutable {
    auto draft = std::make_shared<Result<Draft>>(snapshot->draft(instance));
    snapshot.reset();
    loop.post([done, draft] { done(std::move(*draft)); });
  });
  if (taken) return;
  loop_.post([done = std::move(done)] {
    done(fail(ErrorCode::kExhausted, "too much waits for the Template Engine: try again later"));
  });
}

void Drafts::make_all(std::vector<std::string> instances,
                      std::function<void(std::vector<Result<Draft>>)> done) {
  const bool taken = worker_.try_post([&loop = loop_, snapshot = present(), instances, done]() mutable {
    auto drafts = std::make_shared<std::vector<Result<Draft>>>();
    drafts->reserve(instances.size());
    for (const auto& instance : instances) drafts->push_back(snapshot->draft(instance));
    snapshot.reset();
    loop.post([done, drafts] { done(std::move(*drafts)); });
  });
  if (taken) return;
  loop_.after(kSliceRetry, [this, instances = std::move(instances), done = std::move(done)] {
    make_all(instances, done);
  });
}

}  // namespace fieldline::deployment
