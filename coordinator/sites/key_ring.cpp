#include "coordinator/sites/key_ring.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "common/net/key_pair.hpp"

namespace fieldline::sites {

Result<> KeyRing::load() {
  auto rows = rows_.all();
  if (!rows) return fail(std::move(rows.error()));
  for (const auto& row : *rows) {
    keys_.emplace(NodeId{row.site, row.node}, row.public_key);
    owners_.emplace(row.public_key, NodeId{row.site, row.node});
    admission_.allow(row.public_key);
  }
  return {};
}

void KeyRing::define(const std::set<NodeId>& nodes) {
  defined_ = nodes;
  std::vector<NodeId> orphans;
  for (const auto& [node, key] : keys_) {
    if (!defined_.contains(node)) orphans.push_back(node);
  }
  for (const auto& node : orphans) {
    revoke(node, [node](const Result<>& outcome) {
      if (!outcome)
        spdlog::error("the key of {} is still on disk: {}", node.text(), outcome.error().describe());
    });
  }
}

const NodeId* KeyRing::owner(const std::string& key) const {
  const auto found = owners_.find(key);
  return found == owners_.end() ? nullptr : &found->second;
}

std::string KeyRing::fingerprint(const NodeId& node) const {
  const auto found = keys_.find(node);
  return found == keys_.end() ? std::string() : net::fingerprint(found->second);
}

std::vector<PendingKey> KeyRing::pending() const {
  std::vector<PendingKey> keys;
  for (const auto& knock : admission_.pending()) {
    keys.push_back({knock.address, static_cast<std::int64_t>(knock.count), net::fingerprint(knock.public_key),
                    knock.first_seen, knock.last_seen, knock.public_key});
  }
  return keys;
}

void KeyRing::accept(const std::string& fingerprint, const NodeId& node, const std::string& who,
                     Answer<> done) {
  const auto refuse = [&](ErrorCode code, std::string message) {
    loop_.post([done, error = Error{code, std::move(message), {}, {}}] { done(fail(error)); });
  };
  if (!defined_.contains(node))
    return refuse(ErrorCode::kNotFound, fmt::format("there is no node {}: define it first", node.text()));
  if (keys_.contains(node)) {
    return refuse(ErrorCode::kConflict, fmt::format("{} has a key already ({}): revoke that one first",
                                                    node.text(), this->fingerprint(node)));
  }
  const auto knocks = pending();
  const auto knock = std::find_if(knocks.begin(), knocks.end(),
                                  [&](const PendingKey& key) { return key.fingerprint == fingerprint; });
  if (knock == knocks.end()) {
    return refuse(ErrorCode::kNotFound,
                  fmt::format("no key with fingerprint {} is waiting: is its agent running?", fingerprint));
  }
  admit(knock->public_key, node, who, std::move(done));
}

void KeyRing::admit(const std::string& key, const NodeId& node, const std::string& who, Answer<> done) {
  // Taken before the disk has it, so that a second accept in the meantime is refused.
  keys_.emplace(node, key);
  rows_.add(
      {key, node.site, node.node, who, loop_.clock().utc()},
      [this, key, node, who, done = std::move(done)](Result<> outcome) {
        const auto held = keys_.find(node);
        const bool wanted = held != keys_.end() && held->second == key;
        if (!outcome) {
          if (wanted) keys_.erase(held);
          return done(std::move(outcome));
        }
        if (!wanted)
          return done(fail(ErrorCode::kConflict, fmt::format("{} was removed meanwhile", node.text())));
        owners_.insert_or_assign(key, node);
        admission_.allow(key);
        spdlog::info("{} accepted key {} as {}", who, net::fingerprint(key), node.text());
        done({});
      },
      loop_);
}

void KeyRing::revoke(const NodeId& node, Answer<> done) {
  const auto held = keys_.extract(node);
  if (held.empty()) {
    return loop_.post([node, done = std::move(done)] {
      done(fail(ErrorCode::kNotFound, fmt::format("{} has no accepted key", node.text())));
    });
  }
  const auto& key = held.mapped();
  owners_.erase(key);
  admission_.revoke(key);
  spdlog::info("the key {} of {} is revoked", net::fingerprint(key), node.text());
  rows_.remove(
      key,
      [this, node, key, done = std::move(done)](Result<> outcome) {
        // After a restart it would be accepted again: who revokes it once more must find it.
        if (!outcome) keys_.emplace(node, key);
        done(std::move(outcome));
      },
      loop_);
  if (revoked_) revoked_(node);
}

}  // namespace fieldline::sites
