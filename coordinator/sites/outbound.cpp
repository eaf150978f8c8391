#include "coordinator/sites/outbound.hpp"

#include <vector>

#include "coordinator/sites/limits.hpp"

namespace fieldline::sites {

void Outbound::push(const Peer& peer, net::Frames&& frames) {
  const auto found = waiting_.find(peer);
  if (found == waiting_.end()) {
    switch (router_.send(peer, std::move(frames))) {
      case net::Sent::kYes:
        return;
      case net::Sent::kGone:
        return lose(peer, "the connection is gone");
      case net::Sent::kFull:
        waiting_[peer].push_back(std::move(frames));
        return arm();
    }
  }
  if (found->second.size() >= kMaxWaitingMessages) return lose(peer, "the node does not read");
  found->second.push_back(std::move(frames));
}

void Outbound::arm() {
  if (timer_ != 0) return;
  timer_ = loop_.after(kRetry, [this] {
    timer_ = 0;
    flush();
    if (!waiting_.empty()) arm();
  });
}

void Outbound::flush() {
  std::vector<Peer> lost;
  for (auto& [peer, queue] : waiting_) {
    auto outcome = net::Sent::kYes;
    while (!queue.empty() && outcome == net::Sent::kYes) {
      outcome = router_.send(peer, std::move(queue.front()));
      if (outcome == net::Sent::kYes) queue.pop_front();
    }
    if (outcome == net::Sent::kGone) lost.push_back(peer);
  }
  for (const auto& peer : lost) lose(peer, "the connection is gone");
  std::erase_if(waiting_, [](const auto& item) { return item.second.empty(); });
}

void Outbound::lose(const Peer& peer, std::string_view why) {
  forget(peer);
  loop_.post([this, peer, why] {
    if (gone_) gone_(peer, why);
  });
}

}  // namespace fieldline::sites
