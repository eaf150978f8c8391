#include "coordinator/deployment/derivation.hpp"

#include <utility>

#include "coordinator/deployment/bulk_selection.hpp"
#include "coordinator/deployment/comparing.hpp"
#include "coordinator/deployment/limits.hpp"
#include "coordinator/deployment/site_comparison.hpp"

namespace fieldline::deployment {

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

void Derivation::diff(const std::string& instance, const Deployed* deployed, Answer<Comparison> done) {
  const auto against = [library = catalog_.library(), instance](std::optional<Deployed> runs,
                                                                StoredConfig sent) {
    return [library, instance, runs = std::move(runs), sent = std::move(sent)] {
      templates::Flattener flattener(*library);
      return compare(flattener, instance, runs, sent);
    };
  };
  if (deployed == nullptr) return compute<Comparison>(against(std::nullopt, std::nullopt), std::move(done));
  records_.config(
      instance, deployed->revision,
      [this, against, deployed = *deployed, done = std::move(done)](Result<StoredConfig> sent) {
        if (!sent) return done(fail(std::move(sent.error())));
        compute<Comparison>(against(deployed, std::move(*sent)), done);
      },
      loop_);
}

void Derivation::diff_site(const std::string& site, std::vector<Deployed> deployed, Answer<SiteDiff> done) {
  if (site_diffs_ >= kMaxSiteDiffs) {
    return loop_.post([done = std::move(done)] {
      done(fail(ErrorCode::kExhausted, "too many sites are being compared: try again later"));
    });
  }
  ++site_diffs_;
  auto finished = [this, done = std::move(done)](Result<SiteDiff> diff) {
    --site_diffs_;
    done(std::move(diff));
  };
  index.ask([this, site, deployed = std::move(deployed),
             finished = std::move(finished)](Result<RevisionIndex::Known> known) {
    if (!known) return finished(fail(std::move(known.error())));
    std::make_shared<SiteComparison>(SiteComparison::Neighbours{loop_, worker_, records_}, site, deployed,
                                     std::move(*known), finished)
        ->start();
  });
}

void Derivation::select(const std::string& site, std::vector<Deployed> deployed, BulkSelection selection,
                        Answer<std::vector<std::string>> done) {
  const bool stale = selection.stale;
  const auto among = [this, site, all = std::make_shared<const std::vector<Deployed>>(std::move(deployed)),
                      selection = std::move(selection), done](const RevisionIndex::Known& known) {
    compute<std::vector<std::string>>(
        [site, all, selection, known] {
          return deployment::select(selection, {*known.library, site, *all, known.revisions.get()});
        },
        done);
  };
  // Who asks for no staleness need not wait until all revisions are known.
  if (!stale) return among({catalog_.library(), nullptr});
  index.ask([among, done = std::move(done)](Result<RevisionIndex::Known> known) {
    if (!known) return done(fail(std::move(known.error())));
    among(*known);
  });
}

}  // namespace fieldline::deployment
