#include "coordinator/catalog/catalog.hpp"

#include <fmt/format.h>

#include <deque>
#include <mutex>
#include <utility>

#include "common/base/check.hpp"
#include "coordinator/catalog/limits.hpp"
#include "coordinator/catalog/plan.hpp"

namespace fieldline::catalog {

using templates::DocumentKey;
using templates::DocumentKind;
using templates::Library;

namespace {

using Planner = std::function<Result<Plan>(const LibraryPointer& before)>;

enum class OfDeployed { kRefused, kAllowed };

struct Write {
  Planner planner;
  bool dry_run = false;
  OfDeployed removal = OfDeployed::kRefused;
  std::string author;
  Answer<std::vector<Applied>> done;
};

Answer<std::vector<Applied>> without_result(Answer<void> done) {
  return [done = std::move(done)](Result<std::vector<Applied>> applied) {
    if (!applied) return done(fail(std::move(applied.error())));
    done({});
  };
}

}  // namespace

// One write at a time goes its way: planned on the worker, judged on the loop, saved, then shown. What
// comes back after the catalog is gone is dropped.
class Catalog::Desk : public std::enable_shared_from_this<Desk> {
 public:
  explicit Desk(Neighbours neighbours) : neighbours_(neighbours) {}

  Result<> start() {
    auto documents = neighbours_.records.load();
    if (!documents) return fail(std::move(documents.error()));
    show(std::make_shared<const Library>(std::move(*documents)));
    return {};
  }

  [[nodiscard]] const SecretBox& box() const { return neighbours_.box; }

  LibraryPointer library() const {
    const std::lock_guard lock(mutex_);
    return library_;
  }

  void enqueue(Write write) {
    FIELDLINE_DCHECK(neighbours_.loop.here());
    if (waiting_.size() == kMaxWaitingWrites) {
      return refuse(std::move(write.done), "too many writes of documents wait: try again later");
    }
    waiting_.push_back(std::move(write));
    if (!current_) begin_next();
  }

  std::function<bool(const std::string&)> is_deployed = [](const std::string&) { return false; };
  std::vector<std::function<void(const LibraryPointer&, const LibraryPointer&)>> listeners;

 private:
  void begin_next() {
    current_.reset();
    if (waiting_.empty()) return;
    current_ = std::move(waiting_.front());
    waiting_.pop_front();
    unsure_ ? look_again() : plan_current();
  }

  // A database that was lost in mid-commit may hold what it did not acknowledge. It is read anew before
  // something else is planned upon it.
  void look_again() {
    auto look = [desk = weak_from_this(), &loop = neighbours_.loop, &records = neighbours_.records] {
      if (desk.expired()) return;
      auto read = std::make_shared<Result<std::vector<templates::DocumentPointer>>>(records.load());
      loop.post([desk, read] {
        if (const auto self = desk.lock()) self->looked_again(std::move(*read));
      });
    };
    if (!neighbours_.worker.try_post(std::move(look))) refuse_current();
  }

  void looked_again(Result<std::vector<templates::DocumentPointer>> documents) {
    if (!documents) return finish(fail(std::move(documents.error())));
    unsure_ = false;
    change_to(std::make_shared<const Library>(std::move(*documents)));
    plan_current();
  }

  void plan_current() {
    auto plan = [desk = weak_from_this(), &loop = neighbours_.loop, planner = std::move(current_->planner),
                 before = library()] {
      auto outcome = std::make_shared<Result<Plan>>(planner(before));
      loop.post([desk, outcome] {
        if (const auto self = desk.lock()) self->planned(std::move(*outcome));
      });
    };
    if (!neighbours_.worker.try_post(std::move(plan))) refuse_current();
  }

  void refuse_current() {
    auto done = std::move(current_->done);
    neighbours_.loop.post([desk = weak_from_this()] {
      if (const auto self = desk.lock()) self->begin_next();
    });
    refuse(std::move(done), "the Template Engine has too much to do: try again later");
  }

  void refuse(Answer<std::vector<Applied>> done, std::string why) {
    neighbours_.loop.post(
        [done = std::move(done), why = std::move(why)] { done(fail(ErrorCode::kExhausted, why)); });
  }

  void planned(Result<Plan> plan) {
    if (!plan) return finish(fail(std::move(plan.error())));
    if (auto allowed = check_deployed(*plan); !allowed) return finish(fail(std::move(allowed.error())));
    if (current_->dry_run || (plan->written.empty() && plan->removed.empty())) {
      return finish(std::move(plan->applied));
    }
    database::DocumentChange change{plan->written, plan->removed, current_->author,
                                    neighbours_.loop.clock().utc()};
    neighbours_.records.save(
        std::move(change),
        [desk = weak_from_this(), plan = std::move(*plan)](Result<> saved) mutable {
          if (const auto self = desk.lock()) self->saved(std::move(saved), std::move(plan));
        },
        neighbours_.loop);
  }

  // Whether something is deployed is known on the loop only, and as it is now.
  Result<> check_deployed(const Plan& plan) const {
    for (const auto& document : plan.written) {
      if (document->key.kind != DocumentKind::kInstance) continue;
      const auto* before = library_->find(document->key);
      if (before == nullptr || before->instance().site == document->instance().site) continue;
      if (is_deployed(document->key.name)) {
        return fail(
            ErrorCode::kConflict,
            fmt::format("the instance {} is deployed at the site {} and can't move: delete it there first",
                        document->key.name, before->instance().site));
      }
    }
    for (const auto& key : plan.removed) {
      if (key.kind != DocumentKind::kInstance || current_->removal == OfDeployed::kAllowed) continue;
      if (is_deployed(key.name)) {
        return fail(ErrorCode::kConflict,
                    fmt::format("the instance {} is deployed: its site must delete it first", key.name));
      }
    }
    return {};
  }

  void saved(Result<> outcome, Plan plan) {
    if (!outcome) {
      unsure_ = outcome.error().code == ErrorCode::kUnavailable;
      return finish(fail(std::move(outcome.error())));
    }
    change_to(plan.after);
    finish(std::move(plan.applied));
  }

  void change_to(const LibraryPointer& after) {
    const auto before = library();
    show(after);
    for (const auto& listener : listeners) listener(before, after);
  }

  // The next write begins before this one is answered: an answer may write again.
  void finish(Result<std::vector<Applied>> outcome) {
    const auto done = std::move(current_->done);
    begin_next();
    done(std::move(outcome));
  }

  void show(LibraryPointer library) {
    const std::lock_guard lock(mutex_);
    library_ = std::move(library);
  }

  const Neighbours neighbours_;
  mutable std::mutex mutex_;  // guards library_: written on the loop, read from any thread
  LibraryPointer library_ = std::make_shared<const Library>();
  std::deque<Write> waiting_;
  std::optional<Write> current_;
  bool unsure_ = false;  // whether the database holds what library_ shows
};

Catalog::Catalog(Neighbours neighbours) : desk_(std::make_shared<Desk>(neighbours)) {}

Catalog::~Catalog() = default;

Result<> Catalog::start() {
  return desk_->start();
}

LibraryPointer Catalog::library() const {
  return desk_->library();
}

void Catalog::apply(std::string text, templates::TextFormat format, bool dry_run, std::string author,
                    Answer<std::vector<Applied>> done) {
  auto planner = [text = std::move(text), format, &box = desk_->box()](const LibraryPointer& before) {
    return plan_apply(before, text, format, box);
  };
  desk_->enqueue({std::move(planner), dry_run, OfDeployed::kRefused, std::move(author), std::move(done)});
}

void Catalog::put(DocumentKey key, std::string text, templates::TextFormat format, IfMatch if_match,
                  std::string author, Answer<Applied> done) {
  auto planner = [key = std::move(key), text = std::move(text), format, if_match = std::move(if_match),
                  &box = desk_->box()](const LibraryPointer& before) {
    return plan_put(before, key, text, format, if_match, box);
  };
  auto first = [done = std::move(done)](Result<std::vector<Applied>> applied) {
    if (!applied) return done(fail(std::move(applied.error())));
    done(std::move(applied->front()));
  };
  desk_->enqueue({std::move(planner), false, OfDeployed::kRefused, std::move(author), std::move(first)});
}

void Catalog::remove(DocumentKey key, IfMatch if_match, std::string author, Answer<Revision> done) {
  auto planner = [key = std::move(key), if_match = std::move(if_match)](const LibraryPointer& before) {
    return plan_remove(before, key, if_match);
  };
  auto gone = [done = std::move(done)](Result<std::vector<Applied>> applied) {
    if (!applied) return done(fail(std::move(applied.error())));
    done(std::move(applied->front().before));
  };
  desk_->enqueue({std::move(planner), false, OfDeployed::kRefused, std::move(author), std::move(gone)});
}

void Catalog::remove_undeployed(const std::string& instance, std::string author, Answer<void> done) {
  auto planner = [key = DocumentKey{DocumentKind::kInstance, instance}](const LibraryPointer& before) {
    return plan_remove(before, key, "*");
  };
  desk_->enqueue(
      {std::move(planner), false, OfDeployed::kAllowed, std::move(author), without_result(std::move(done))});
}

void Catalog::set_deployed(std::function<bool(const std::string&)> is_deployed) {
  desk_->is_deployed = std::move(is_deployed);
}

void Catalog::on_change(std::function<void(const LibraryPointer&, const LibraryPointer&)> listener) {
  desk_->listeners.push_back(std::move(listener));
}

}  // namespace fieldline::catalog
