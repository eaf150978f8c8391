#include "coordinator/artifacts/deliveries.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "common/base/hash.hpp"

namespace fieldline::artifacts {

void Deliveries::begin(const sites::NodeId& node, WantedPointer wanted,
                       std::function<void(const Verdict&)> done) {
  Errand errand{std::move(wanted), std::move(done)};
  if (const auto found = flights_.find(node); found != flights_.end()) {
    auto& next = found->second.next;
    if (next)
      with_.loop.post([done = std::move(next->done)] {
        done({"superseded", "artifacts of a later request take its place", {}});
      });
    next = std::move(errand);
    return;
  }
  flights_.emplace(node, Flight{random_.id(), std::move(errand), std::nullopt, 0});
  pack(node);
}

Deliveries::Flight* Deliveries::flight(const sites::NodeId& node, const std::string& id) {
  const auto found = flights_.find(node);
  return found == flights_.end() || found->second.id != id ? nullptr : &found->second;
}

void Deliveries::pack(const sites::NodeId& node) {
  const auto& flight = flights_.at(node);
  auto held = with_.holdings.shown(node);
  if (!held) held = std::make_shared<const ArtifactInventory>();
  const bool taken = with_.worker.try_post([this, node, id = flight.id, wanted = flight.errand.wanted, held,
                                            &loop = with_.loop, &box = with_.box] {
    auto packed = std::make_shared<Result<std::string>>(package(*wanted, *held, box));
    loop.post([this, node, id, packed] { send(node, id, std::move(*packed)); });
  });
  if (taken) return;
  with_.loop.post([this, node, id = flight.id] {
    end(node, id, {"exhausted", "the coordinator has too much to do: try again later", {}});
  });
}

void Deliveries::send(const sites::NodeId& node, const std::string& id, Result<std::string> packed) {
  if (flight(node, id) == nullptr) return;
  if (!packed) return end(node, id, {std::string(name(packed.error().code)), packed.error().message, {}});
  sites::Dispatch dispatch;
  dispatch.to = node;
  dispatch.order = {deadline_,     id, {}, OrderKind::kArtifacts, numbers_.next(), blake2b_hex(*packed),
                    packed->size()};
  dispatch.config = std::make_shared<const std::string>(std::move(*packed));
  dispatch.tell = [this, node, id](const sites::OrderNews& news) { hear(node, id, news); };
  const auto taken = with_.sites.order(std::move(dispatch));
  if (taken) return;
  const bool lost = taken.error().code == ErrorCode::kUnavailable;
  end(node, id, {lost ? "connection-lost" : "exhausted", taken.error().message, {}});
}

void Deliveries::hear(const sites::NodeId& node, const std::string& id, const sites::OrderNews& news) {
  auto* found = flight(node, id);
  if (found == nullptr) return;
  if (std::holds_alternative<sites::OrderSent>(news)) {
    found->deadline = with_.loop.after(deadline_, [this, node, id] {
      if (flight(node, id) == nullptr) return;
      with_.sites.withdraw(node, id);
      // It may have carried the order out.
      with_.sites.compare_artifacts(node);
      end(node, id, {"no-answer", fmt::format("{} did not report within the deadline", node.text()), {}});
    });
  } else if (const auto* lost = std::get_if<sites::OrderLost>(&news)) {
    end(node, id, {"connection-lost", lost->message, {}});
  } else if (const auto* report = std::get_if<Report>(&news)) {
    take(node, id, *report);
  }
}

void Deliveries::take(const sites::NodeId& node, const std::string& id, const Report& report) {
  const auto wanted = flight(node, id)->errand.wanted;
  if (report.success && report.revision == wanted->digest) {
    with_.holdings.stored(node, wanted->items);
    return end(node, id, {});
  }
  with_.sites.compare_artifacts(node);
  if (report.success)
    return end(node, id, {"wrong-report", "it reports success, but of something else than was ordered", {}});
  end(node, id, {report.reason, report.message, report.findings});
}

void Deliveries::end(const sites::NodeId& node, const std::string& id, const Verdict& verdict) {
  auto* found = flight(node, id);
  if (found == nullptr) return;
  with_.loop.cancel(found->deadline);
  if (verdict.reason.empty()) {
    spdlog::info("{} holds {} artifacts", node.text(), found->errand.wanted->items.size());
  } else {
    spdlog::warn("artifacts for {}: {}: {}", node.text(), verdict.reason, verdict.message);
  }
  const auto over = std::move(found->errand.done);
  if (found->next) {
    *found = Flight{random_.id(), std::move(*found->next), std::nullopt, 0};
    pack(node);
  } else {
    flights_.erase(node);
  }
  over(verdict);
}

}  // namespace fieldline::artifacts
