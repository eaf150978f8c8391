#include "coordinator/security/sessions.hpp"

#include <algorithm>

#include "common/base/hash.hpp"
#include "coordinator/security/limits.hpp"
#include "coordinator/security/secret.hpp"

namespace fieldline::security {

std::string csrf_of(std::string_view secret) {
  return blake2b_hex("fieldline csrf " + std::string(secret));
}

bool Sessions::has_ended(const Session& session) const {
  const auto now = clock_.now();
  return now - session.used >= kSessionIdle || now - session.begun >= kSessionAge;
}

void Sessions::make_room(const std::string& user) {
  std::erase_if(sessions_, [this](const auto& entry) { return has_ended(entry.second); });
  const auto drop_oldest = [this](auto counts) {
    auto oldest = sessions_.end();
    for (auto at = sessions_.begin(); at != sessions_.end(); ++at) {
      if (counts(at->second) && (oldest == sessions_.end() || at->second.used < oldest->second.used))
        oldest = at;
    }
    sessions_.erase(oldest);
  };
  const auto own = [&](const Session& session) { return session.user == user; };
  const auto count = std::ranges::count_if(sessions_, [&](const auto& entry) { return own(entry.second); });
  if (static_cast<std::size_t>(count) >= kSessionsOfUser) return drop_oldest(own);
  if (sessions_.size() >= kSessions) drop_oldest([](const Session&) { return true; });
}

Result<std::string> Sessions::open(const std::string& user) {
  auto secret = make_secret("");
  if (!secret) return secret;
  const std::lock_guard lock(mutex_);
  make_room(user);
  const auto now = clock_.now();
  sessions_.emplace(blake2b_hex(*secret), Session{user, now, now});
  return secret;
}

std::optional<std::string> Sessions::use(std::string_view secret) {
  const auto hash = blake2b_hex(secret);
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(hash);
  if (found == sessions_.end() || has_ended(found->second)) return std::nullopt;
  found->second.used = clock_.now();
  return found->second.user;
}

bool Sessions::is_open(std::string_view hash) const {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(hash);
  return found != sessions_.end() && !has_ended(found->second);
}

void Sessions::end(std::string_view hash) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(hash);
  if (found != sessions_.end()) sessions_.erase(found);
}

void Sessions::end_of(std::string_view user, std::string_view except) {
  const std::lock_guard lock(mutex_);
  std::erase_if(sessions_,
                [&](const auto& entry) { return entry.second.user == user && entry.first != except; });
}

}  // namespace fieldline::security
