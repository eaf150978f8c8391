#include "coordinator/templates/cause.hpp"

#include <algorithm>

namespace fieldline::templates {
namespace {

// The index of the source that gave the field and, second, of the one that defined its member.
std::optional<std::pair<std::int64_t, std::int64_t>> origin_of(const Provenance& provenance,
                                                               const FieldPlace& field) {
  if (field.member.empty()) return std::pair<std::int64_t, std::int64_t>(0, 0);
  const auto found = provenance.members.find(field.member);
  if (found == provenance.members.end()) return std::nullopt;
  const auto& origin = found->second;
  const auto overridden = origin.overridden.find(field.field);
  return std::pair(overridden != origin.overridden.end() ? overridden->second : origin.definer,
                   origin.definer);
}

Json revision_or_null(const std::optional<Revision>& revision) {
  return revision ? Json(*revision) : Json();
}

}  // namespace

Json to_json(const Cause& cause) {
  return {{"document", cause.document},
          {"kind", name(cause.kind)},
          {"from", revision_or_null(cause.from)},
          {"to", revision_or_null(cause.to)}};
}

Causes::Causes(const Provenance* deployed, const Provenance* derived) {
  std::map<PlaceKey, PlaceId> known;
  then_ = enter(deployed, &Place::then, known);
  now_ = enter(derived, &Place::now, known);
}

// A source is brought in by an earlier one; what was stored may be damaged and say otherwise.
Causes::Side Causes::enter(const Provenance* provenance, const Source* Place::*side,
                           std::map<PlaceKey, PlaceId>& known) {
  Side entered{provenance, {}};
  if (provenance == nullptr) return entered;
  for (const auto& source : provenance->sources) {
    const auto index = static_cast<std::int64_t>(entered.places.size());
    const bool sound = source.via >= 0 && source.via < index;
    const auto via = sound ? entered.places[static_cast<std::size_t>(source.via)] : 0;
    const auto [place, is_new] = known.try_emplace({via, source.document, source.slot}, places_.size());
    if (is_new) places_.emplace_back();
    places_[place->second].*side = &source;
    entered.places.push_back(place->second);
  }
  return entered;
}

Causes::Chain Causes::chain_of(const Side& side, const FieldPlace& field) const {
  Chain chain;
  if (side.provenance == nullptr) return chain;
  const auto origin = origin_of(*side.provenance, field);
  if (!origin) return chain;
  chain.defines = origin->first == origin->second;
  const auto& sources = side.provenance->sources;
  auto index = origin->first;
  while (index >= 0 && index < static_cast<std::int64_t>(sources.size())) {
    const auto at = static_cast<std::size_t>(index);
    chain.places.push_back(side.places[at]);
    if (sources[at].via >= index) break;
    index = sources[at].via;
  }
  return chain;
}

const Causes::Place* Causes::edit_on(const Chain& chain) const {
  const auto found = std::ranges::find_if(chain.places, [&](PlaceId id) { return places_[id].edited(); });
  return found == chain.places.end() ? nullptr : &places_[*found];
}

// The last place that both have in common, coming from the instance: it brings in something else now.
const Causes::Place* Causes::fork_of(const Chain& then, const Chain& now) const {
  const auto [a, b] =
      std::mismatch(then.places.rbegin(), then.places.rend(), now.places.rbegin(), now.places.rend());
  if (a == then.places.rbegin()) return nullptr;
  const auto& fork = places_[*std::prev(a)];
  return fork.edited() ? &fork : nullptr;
}

const Causes::Place* Causes::edit_of(const FieldPlace& field) const {
  const auto then = chain_of(then_, field);
  const auto now = chain_of(now_, field);
  if (then.places.empty() || now.places.empty()) return edit_on(then.places.empty() ? now : then);
  if (then.places.front() == now.places.front()) {
    const auto& origin = places_[now.places.front()];
    return origin.edited() ? &origin : nullptr;
  }
  if (then.defines && now.defines) return fork_of(then, now);
  // Of two origins the stronger one came or went, as overrides do. It is not the one that defined the
  // member; of two that override, the one nearer to the instance.
  const bool then_is_stronger =
      then.defines != now.defines ? now.defines : then.places.size() < now.places.size();
  const auto* edit = edit_on(then_is_stronger ? then : now);
  return edit != nullptr ? edit : edit_on(then_is_stronger ? now : then);
}

const Causes::Place* Causes::edit_of_member(const std::string& member) const {
  if (const auto* edit = edit_of({member, ""})) return edit;
  for (const auto* side : {&now_, &then_}) {
    if (side->provenance == nullptr) continue;
    const auto found = side->provenance->members.find(member);
    if (found == side->provenance->members.end()) continue;
    for (const auto& [field, source] : found->second.overridden) {
      if (const auto* edit = edit_of({member, field})) return edit;
    }
  }
  return nullptr;
}

const Causes::Place* Causes::any_edit() const {
  const auto found = std::ranges::find_if(places_, &Place::edited);
  return found == places_.end() ? nullptr : &*found;
}

Cause Causes::cause_at(const Place& place) const {
  const auto revision = [](const Source* source) {
    return source != nullptr ? std::optional(source->revision) : std::nullopt;
  };
  const auto& source = place.now != nullptr ? *place.now : *place.then;
  return {source.document, source.kind, revision(place.then), revision(place.now)};
}

Cause Causes::unedited(const FieldPlace& field) const {
  for (const auto* side : {&now_, &then_}) {
    const auto chain = chain_of(*side, field);
    if (!chain.places.empty()) return cause_at(places_[chain.places.front()]);
  }
  return {};
}

Cause Causes::of_program() const {
  auto cause = unedited({});
  cause.from = cause.to;
  return cause;
}

Cause Causes::of(const FieldPlace& field, const FieldPlace* depends_on) const {
  const auto* edit = edit_of(field);
  if (edit == nullptr && depends_on != nullptr) edit = edit_of(*depends_on);
  if (edit == nullptr) edit = edit_of_member(field.member);
  if (edit == nullptr) edit = any_edit();
  return edit != nullptr ? cause_at(*edit) : unedited(field);
}

}  // namespace fieldline::templates
