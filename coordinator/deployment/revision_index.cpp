#include "coordinator/deployment/revision_index.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "coordinator/deployment/limits.hpp"
#include "coordinator/templates/flatten.hpp"
#include "coordinator/templates/references.hpp"

namespace fieldline::deployment {

// From what is known of one library to the same of another. On the worker only, between the loop's
// posts.
class RevisionIndex::Pass {
 public:
  Pass(Known before, catalog::LibraryPointer after) : before_(std::move(before)), after_(std::move(after)) {}

  // True once all is derived.
  bool slice() {
    if (!flattener_) begin();
    const auto end = std::min(open_.size(), at_ + kSlice);
    for (; at_ < end; ++at_) {
      auto sealed = flattener_->seal(open_[at_]);
      revisions_->of.insert_or_assign(open_[at_], sealed ? std::move(sealed->revision) : Revision());
    }
    return at_ == open_.size();
  }

  [[nodiscard]] Known known() const { return {after_, revisions_}; }

 private:
  void begin() {
    const auto affected = templates::reach_of(*before_.library, *after_).instances;
    flattener_.emplace(*after_);
    for (const auto& document : after_->all(templates::DocumentKind::kInstance)) {
      const auto& instance = document->key.name;
      ++revisions_->instances_at[document->instance().site];
      const auto unchanged = before_.revisions->of.find(instance);
      if (unchanged != before_.revisions->of.end() &&
          !std::binary_search(affected.begin(), affected.end(), instance)) {
        revisions_->of.insert(*unchanged);
      } else {
        open_.push_back(instance);
      }
    }
  }

  const Known before_;
  const catalog::LibraryPointer after_;
  const std::shared_ptr<DerivedRevisions> revisions_ = std::make_shared<DerivedRevisions>();
  std::optional<templates::Flattener> flattener_;
  std::vector<std::string> open_;
  std::size_t at_ = 0;
};

void RevisionIndex::ask(Answer<Known> done) {
  const auto library = catalog_.library();
  if (library == known_.library) return loop_.post([done = std::move(done), known = known_] { done(known); });
  if (served_.size() + next_.size() >= kMaxRevisionWaiters) {
    return loop_.post([done = std::move(done)] {
      done(fail(ErrorCode::kExhausted, "too many wait for the derived revisions: try again later"));
    });
  }
  (library == computing_ ? served_ : next_).push_back(std::move(done));
  refresh();
}

void RevisionIndex::refresh() {
  if (computing_ || catalog_.library() == known_.library) return;
  computing_ = catalog_.library();
  served_ = std::exchange(next_, {});
  run(std::make_shared<Pass>(known_, computing_));
}

void RevisionIndex::run(const std::shared_ptr<Pass>& pass) {
  const bool taken = worker_.try_post([this, &loop = loop_, pass] {
    const bool over = pass->slice();
    loop.post([this, pass, over]() mutable { over ? passed(std::move(pass)) : run(pass); });
  });
  if (!taken) loop_.after(kSliceRetry, [this, pass] { run(pass); });
}

void RevisionIndex::passed(std::shared_ptr<Pass> pass) {
  known_ = pass->known();
  // The revisions before these go where it holds nobody up.
  static_cast<void>(worker_.try_post([pass = std::move(pass)]() mutable { pass.reset(); }));
  computing_ = nullptr;
  const auto served = std::exchange(served_, {});
  refresh();
  for (const auto& done : served) done(known_);
}

}  // namespace fieldline::deployment
