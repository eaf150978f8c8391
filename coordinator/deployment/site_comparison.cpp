#include "coordinator/deployment/site_comparison.hpp"

#include <algorithm>
#include <utility>

#include "common/model/json.hpp"
#include "coordinator/deployment/comparing.hpp"
#include "coordinator/deployment/limits.hpp"

namespace fieldline::deployment {
namespace {

std::size_t size_of(const Error& error) {
  std::size_t size = error.message.size();
  for (const auto& finding : error.findings)
    size += finding.code.size() + finding.path.size() + finding.message.size();
  return size;
}

}  // namespace

SiteComparison::SiteComparison(Neighbours with, std::string site, std::vector<Deployed> deployed,
                               RevisionIndex::Known known, Answer<SiteDiff> done)
    : with_(with),
      known_(std::move(known)),
      done_(std::move(done)),
      open_(std::move(deployed)),
      flattener_(*known_.library) {
  diff_.site = std::move(site);
}

template <class Work>
void SiteComparison::on_worker(Work work) {
  const bool taken = with_.worker.try_post([self = shared_from_this(), work = std::move(work)] {
    work(*self);
    self->with_.loop.post([self] { self->read_next(); });
  });
  if (!taken)
    with_.loop.after(kSliceRetry,
                     [self = shared_from_this(), work = std::move(work)] { self->on_worker(work); });
}

void SiteComparison::start() {
  on_worker([](SiteComparison& self) { self.sort_out(); });
}

// Keeps those that differ, by what is known of them already.
void SiteComparison::sort_out() {
  const auto by_name = [](const Deployed& deployed) -> const std::string& { return deployed.instance; };
  for (const auto& document : known_.library->all(templates::DocumentKind::kInstance)) {
    const auto& name = document->key.name;
    if (document->instance().site == diff_.site && !std::ranges::binary_search(open_, name, {}, by_name))
      diff_.not_deployed.push_back(name);
  }
  std::erase_if(open_, [&](const Deployed& deployed) {
    const auto derived = known_.revisions->of.find(deployed.instance);
    return derived != known_.revisions->of.end() && derived->second == deployed.revision;
  });
}

void SiteComparison::read_next() {
  if (at_ == open_.size()) return finish({});
  std::vector<database::ConfigKey> wanted;
  for (auto i = at_; i < std::min(open_.size(), at_ + kSlice); ++i)
    wanted.push_back({open_[i].instance, open_[i].revision});
  with_.records.configs(
      std::move(wanted),
      [self = shared_from_this()](Result<Stored> stored) {
        if (!stored) return self->finish(fail(std::move(stored.error())));
        self->on_worker([stored = std::make_shared<const Stored>(std::move(*stored))](SiteComparison& on) {
          on.compare_slice(*stored);
        });
      },
      with_.loop);
}

void SiteComparison::compare_slice(const Stored& stored) {
  for (const auto& sent : stored) compare_one(open_[at_++], sent);
}

void SiteComparison::compare_one(const Deployed& deployed, const StoredConfig& sent) {
  auto& entry = diff_.instances.emplace_back();
  entry.instance = deployed.instance;
  entry.deployed = deployed.revision;
  const auto derived = known_.revisions->of.find(deployed.instance);
  if (derived != known_.revisions->of.end()) entry.derived = derived->second;
  auto compared = compare(flattener_, deployed.instance, deployed, sent);
  if (!compared) {
    entry.error = std::move(compared.error());
    entry.truncated = !fits(size_of(*entry.error));
    if (entry.truncated) entry.error->findings.clear();
    return;
  }
  for (const auto& cause : templates::causes_of(compared->diff)) ++diff_.causes[cause];
  auto text = to_json(compared->diff).dump(-1, ' ', false, Json::error_handler_t::replace);
  entry.truncated = !fits(text.size());
  if (!entry.truncated) entry.diff = std::move(text);
}

// Of what is left a small one may still fit: who reads finds every name anyway.
bool SiteComparison::fits(std::size_t bytes) {
  if (bytes_ + bytes > kSiteDiffBytes) return false;
  bytes_ += bytes;
  return true;
}

void SiteComparison::finish(Result<> outcome) {
  const auto done = std::exchange(done_, nullptr);
  if (!outcome) return done(fail(std::move(outcome.error())));
  done(std::move(diff_));
}

}  // namespace fieldline::deployment
