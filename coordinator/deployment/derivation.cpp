#include "coordinator/deployment/derivation.hpp"

#include <algorithm>
#include <utility>

#include "common/model/json.hpp"
#include "common/wire/config.hpp"
#include "coordinator/deployment/limits.hpp"
#include "coordinator/templates/references.hpp"

namespace fieldline::deployment {
namespace {

using StoredConfig = std::optional<database::SentConfig>;

Result<DeployedConfig> opened(const Deployed& deployed, const StoredConfig& sent) {
  DeployedConfig whole{deployed, std::nullopt, std::nullopt};
  if (!sent) return whole;
  auto config = wire::open_config(sent->bytes, sent->revision);
  if (!config) return fail(std::move(config.error()));
  whole.config = std::move(*config);
  templates::Provenance provenance;
  if (auto read = from_json(Json::parse(sent->provenance, nullptr, false), provenance); !read)
    return fail(ErrorCode::kCorrupt, read.error().message, "sent_configs, column provenance");
  whole.provenance = std::move(provenance);
  return whole;
}

templates::Side side_of(const DeployedConfig& whole) {
  return {&*whole.config, &*whole.provenance};
}

Result<templates::Diff> compare(const templates::Library& library, const std::string& instance,
                                const std::optional<Deployed>& deployed, const StoredConfig& sent) {
  const auto derived = templates::flatten(library, instance);
  if (!derived) return fail(derived.error());
  const templates::Side now{&derived->config, &derived->provenance};
  if (!deployed) return templates::diff({}, now);
  const auto whole = opened(*deployed, sent);
  if (!whole) return fail(whole.error());
  if (!whole->config)
    return fail(
        ErrorCode::kUnavailable,
        fmt::format("{} runs revision {}, which central never sent: it can't be compared, but replaced",
                    instance, deployed->revision));
  return templates::diff(side_of(*whole), now);
}

DerivedRevisions derive_changed(const templates::Library& before, const DerivedRevisions& known,
                                const templates::Library& after) {
  const auto affected = templates::reach_of(before, after).instances;
  templates::Flattener flattener(after);
  DerivedRevisions revisions;
  for (const auto& document : after.all(templates::DocumentKind::kInstance)) {
    const auto& instance = document->key.name;
    const auto unchanged = known.find(instance);
    if (unchanged != known.end() && !std::binary_search(affected.begin(), affected.end(), instance)) {
      revisions.insert(*unchanged);
    } else {
      auto derived = flattener.flatten(instance);
      revisions.emplace(instance, derived ? std::move(derived->revision) : Revision());
    }
  }
  return revisions;
}

}  // namespace

template <class T, class Work>
void Derivation::compute(Work work, Answer<T> done) {
  const bool taken = worker_.try_post([&loop = loop_, work = std::move(work), done] {
    loop.post([done, outcome = std::make_shared<Result<T>>(work())] { done(std::move(*outcome)); });
  });
  if (taken) return;
  loop_.post([done = std::move(done)] {
    done(fail(ErrorCode::kExhausted, "too much waits for the Template Engine: try again later"));
  });
}

void Derivation::derive(const std::string& instance, Answer<templates::Derived> done) {
  compute<templates::Derived>(
      [library = catalog_.library(), instance] { return templates::flatten(*library, instance); },
      std::move(done));
}

void Derivation::open(const Deployed& deployed, Answer<DeployedConfig> done) {
  records_.config(
      deployed.instance, deployed.revision,
      [this, deployed, done = std::move(done)](Result<StoredConfig> sent) {
        if (!sent) return done(fail(std::move(sent.error())));
        compute<DeployedConfig>([deployed, sent = std::move(*sent)] { return opened(deployed, sent); }, done);
      },
      loop_);
}

void Derivation::diff(const std::string& instance, const Deployed* deployed, Answer<templates::Diff> done) {
  const auto library = catalog_.library();
  if (deployed == nullptr) {
    return compute<templates::Diff>(
        [library, instance] { return compare(*library, instance, std::nullopt, std::nullopt); },
        std::move(done));
  }
  records_.config(
      instance, deployed->revision,
      [this, library, instance, deployed = *deployed, done = std::move(done)](Result<StoredConfig> sent) {
        if (!sent) return done(fail(std::move(sent.error())));
        compute<templates::Diff>(
            [library, instance, deployed, sent = std::move(*sent)] {
              return compare(*library, instance, deployed, sent);
            },
            done);
      },
      loop_);
}

void Derivation::revisions(Answer<Revisions> done) {
  const auto library = catalog_.library();
  if (library == known_library_) return loop_.post([done = std::move(done), known = known_] { done(known); });
  if (served_.size() + next_.size() >= kMaxRevisionWaiters) {
    return loop_.post([done = std::move(done)] {
      done(fail(ErrorCode::kExhausted, "too many wait for the derived revisions: try again later"));
    });
  }
  (library == computing_ ? served_ : next_).push_back(std::move(done));
  if (!computing_) derive_all();
}

void Derivation::derive_all() {
  computing_ = catalog_.library();
  served_ = std::exchange(next_, {});
  compute<Revisions>(
      [before = known_library_, known = known_, after = computing_]() -> Result<Revisions> {
        return std::make_shared<const DerivedRevisions>(derive_changed(*before, *known, *after));
      },
      [this, library = computing_](Result<Revisions> outcome) { derived_all(library, std::move(outcome)); });
}

void Derivation::derived_all(catalog::LibraryPointer library, Result<Revisions> outcome) {
  if (outcome) {
    known_library_ = std::move(library);
    known_ = *outcome;
  }
  computing_ = nullptr;
  const auto served = std::exchange(served_, {});
  if (!next_.empty()) derive_all();
  for (const auto& done : served) done(outcome);
}

}  // namespace fieldline::deployment
