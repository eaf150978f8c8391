#include "coordinator/templates/cause.hpp"

#include <algorithm>

namespace fieldline::templates {
namespace {

const Source* source_at(const Provenance& provenance, std::int64_t index) {
  const bool known = index >= 0 && index < static_cast<std::int64_t>(provenance.sources.size());
  return known ? &provenance.sources[static_cast<std::size_t>(index)] : nullptr;
}

// -1: this side has no such member.
std::int64_t origin_of(const Provenance& provenance, const std::string& member, std::string_view field) {
  if (member.empty()) return 0;
  const auto found = provenance.members.find(member);
  if (found == provenance.members.end()) return -1;
  const auto overridden = found->second.overridden.find(std::string(field));
  return overridden != found->second.overridden.end() ? overridden->second : found->second.definer;
}

}  // namespace

Causes::Causes(const Provenance* deployed, const Provenance* derived)
    : deployed_(deployed), derived_(derived), then_(revisions_of(deployed)), now_(revisions_of(derived)) {}

Causes::Revisions Causes::revisions_of(const Provenance* provenance) {
  Revisions revisions;
  if (provenance == nullptr) return revisions;
  for (const auto& source : provenance->sources) revisions.emplace(source.document, &source.revision);
  return revisions;
}

// From the source that gave the field up to the instance. A source is brought in by an earlier one,
// so the walk ends even when what was stored is damaged.
Causes::Chain Causes::chain_of(const Provenance* provenance, const std::string& member,
                               std::string_view field) {
  Chain chain;
  if (provenance == nullptr) return chain;
  auto index = origin_of(*provenance, member, field);
  while (const auto* source = source_at(*provenance, index)) {
    chain.push_back(source);
    if (source->via >= index) break;
    index = source->via;
  }
  return chain;
}

Causes::Fate Causes::fate_of(const Source& source) const {
  const auto before = then_.find(source.document);
  const auto after = now_.find(source.document);
  if (before == then_.end() || after == now_.end()) return Fate::kOnOneSide;
  return *before->second == *after->second ? Fate::kUnchanged : Fate::kEdited;
}

// In the order in which they are suspected: of two origins the one nearer to the instance came or
// went, as overrides do; then whatever brought them in.
Causes::Chain Causes::suspects(const std::string& member, std::string_view field) const {
  const auto old_chain = chain_of(deployed_, member, field);
  const auto new_chain = chain_of(derived_, member, field);
  const bool old_nearer = new_chain.empty() || (!old_chain.empty() && old_chain.size() < new_chain.size());
  const auto& nearer = old_nearer ? old_chain : new_chain;
  const auto& farther = old_nearer ? new_chain : old_chain;
  Chain suspects;
  if (!nearer.empty()) suspects.push_back(nearer.front());
  if (!farther.empty()) suspects.push_back(farther.front());
  suspects.insert(suspects.end(), new_chain.begin(), new_chain.end());
  suspects.insert(suspects.end(), old_chain.begin(), old_chain.end());
  return suspects;
}

Cause Causes::of(const std::string& member, std::string_view field) const {
  const auto all = suspects(member, field);
  if (all.empty()) return {};
  auto guilty =
      std::find_if(all.begin(), all.end(), [&](const auto* s) { return fate_of(*s) == Fate::kEdited; });
  if (guilty == all.end()) {
    guilty =
        std::find_if(all.begin(), all.end(), [&](const auto* s) { return fate_of(*s) != Fate::kUnchanged; });
  }
  if (guilty == all.end()) guilty = all.begin();
  const auto& source = **guilty;
  const auto now = now_.find(source.document);
  return {source.document, source.kind, now != now_.end() ? *now->second : source.revision};
}

}  // namespace fieldline::templates
