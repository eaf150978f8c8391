#include "agent/orders/artifact_task.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "agent/orders/limits.hpp"
#include "common/wire/limits.hpp"

namespace fieldline::orders {
namespace {

constexpr auto kArtifactInUse = "artifact-in-use";

// Notification lists name their SMTP settings.
void find_absent_names(const store::HeldArtifacts& held, std::vector<Finding>& findings) {
  for (const auto& [key, item] : held) {
    const auto* list = std::get_if<NotificationList>(item.artifact.get());
    if (list == nullptr) continue;
    const auto smtp = artifact_key(ArtifactKind::kSmtpSettings, list->smtp);
    if (!held.contains(smtp))
      findings.push_back(
          {std::string(kArtifactAbsent), key, fmt::format("it names {}, which is absent", smtp)});
  }
}

// "Pump1, Pump2 and 7 more".
std::string listed(const std::vector<std::string>& names) {
  const auto shown = std::min(names.size(), kNamedInstances);
  auto text =
      fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  if (names.size() > shown) text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

}  // namespace

void ArtifactTask::begin() {
  gather(wire::kMaxPackage);
}

void ArtifactTask::arrived(std::string bytes) {
  auto items = wire::unpack_artifacts(bytes, order().revision);
  if (!items) return give_up(Stage::kAccepted, items.error());
  auto documents = gather_documents(std::move(*items));
  if (!documents) return give_up(Stage::kAccepted, documents.error());
  next_ = std::move(*documents);
  compile();
}

Result<store::HeldArtifacts> ArtifactTask::gather_documents(std::vector<wire::PackageItem> items) const {
  const auto& held = around_.artifacts.held();
  store::HeldArtifacts next;
  std::vector<Finding> findings;
  for (auto& [item, bytes] : items) {
    const auto known = held.find(item.key);
    if (known != held.end() && known->second.revision == item.revision) {
      next.insert(*known);
    } else if (bytes == nullptr) {
      findings.push_back({std::string(kArtifactAbsent), item.key, "this node lacks that revision"});
    } else {
      auto artifact = wire::open_artifact(item, *bytes);
      if (!artifact) return fail(std::move(artifact.error()));
      next.emplace(item.key, store::HeldArtifact{item.revision, bytes,
                                                 std::make_shared<const Artifact>(std::move(*artifact))});
    }
  }
  if (findings.empty()) find_absent_names(next, findings);
  if (findings.empty()) return next;
  return fail({ErrorCode::kNotFound, "the set of artifacts is not whole", {}, std::move(findings)});
}

void ArtifactTask::compile() {
  around_.runtime.compile_shared(
      store::shared_sources(next_), then([](ArtifactTask& self, Result<Shared> shared) {
        if (!shared) return self.give_up(Stage::kCompiled, shared.error());
        self.alone_(self.then([shared = std::move(*shared)](ArtifactTask& alone) { alone.judge(shared); }));
      }));
}

void ArtifactTask::judge(const Shared& shared) {
  if (auto findings = bereaved(*shared); !findings.empty()) {
    const auto reason = findings.front().code;
    return give_up(Stage::kCompiled, reason, "instances here need more than the set has", findings);
  }
  if (out_of_budget())
    return give_up(Stage::kCompiled, "budget-exceeded", "the order's time was over before the swap");
  before_ = around_.runtime.shared();
  users_ = to_swap(*shared);
  around_.runtime.set_shared(shared);
  swap_next();
}

std::vector<Finding> ArtifactTask::bereaved(const runtime::SharedScripts& shared) const {
  std::map<std::string, std::vector<std::string>> users;  // by artifact that goes
  std::vector<Finding> findings;
  for (const auto& [instance, needs] : current_.needs) {
    bool loses = false;
    for (const auto& key : needs) {
      // What was missing already is not lost by this order.
      if (next_.contains(key) || !around_.artifacts.holds(key)) continue;
      users[key].push_back(instance);
      loses = true;
    }
    if (loses || shared.needed_by(needs) || !around_.runtime.shared()->needed_by(needs)) continue;
    findings.push_back({std::string(kArtifactAbsent), "instances/" + instance,
                        "a shared script that it uses names one that the set lacks"});
  }
  if (users.empty()) return findings;
  findings.clear();
  for (const auto& [key, instances] : users)
    findings.push_back({kArtifactInUse, key, fmt::format("needed by {}", listed(instances))});
  return findings;
}

std::vector<runtime::Compiled> ArtifactTask::to_swap(const runtime::SharedScripts& shared) const {
  std::vector<Compiled> users;
  for (const auto& [instance, running] : current_.running) {
    auto modules = shared.needed_by(running.config().artifacts);
    // A source is the same pointer for as long as its revision stays.
    if (modules && *modules != running.modules()) users.push_back(running.with(std::move(*modules)));
  }
  return users;
}

void ArtifactTask::swap(const Compiled& compiled, std::function<void(Result<>)> done) {
  const auto* current = around_.store.find(compiled.config().instance);
  around_.runtime.swap(compiled, current != nullptr && current->enabled, std::move(done));
}

void ArtifactTask::swap_next() {
  if (swapped_ == users_.size()) return make_current();
  swap(users_[swapped_], then([](ArtifactTask& self, const Result<>& swapped) {
         if (!swapped) return self.swap_back(self.swapped_, swapped.error());
         ++self.swapped_;
         self.swap_next();
       }));
}

void ArtifactTask::make_current() {
  auto outcome = report(Stage::kDone);
  outcome.success = true;
  outcome.revision = wire::artifacts_digest(store::inventory_of(next_));
  around_.artifacts.replace(order(), outcome, next_,
                            then([outcome](ArtifactTask& self, const Result<>& replaced) {
                              if (!replaced) return self.swap_back(self.swapped_, replaced.error());
                              for (auto& user : self.users_)
                                self.current_.running.insert_or_assign(user.config().instance, user);
                              self.finish(outcome);
                            }));
}

// The first `left` of the users run with what is not to be; what is swapped back to ran before.
void ArtifactTask::swap_back(std::size_t left, const Error& error) {
  around_.runtime.set_shared(before_);
  if (left == 0) return give_up(Stage::kSwapped, error);
  const auto& previous = current_.running.at(users_[left - 1].config().instance);
  swap(previous,
       then([left, error](ArtifactTask& self, const Result<>&) { self.swap_back(left - 1, error); }));
}

Report ArtifactTask::report(Stage stage) const {
  Report report;
  report.deployment = order().deployment;
  report.stage = stage;
  report.revision = wire::artifacts_digest(around_.artifacts.inventory());
  return report;
}

}  // namespace fieldline::orders
