#include "tests/sim/saved_states.hpp"

#include <fmt/format.h>

#include <utility>

namespace fieldline::sim {
namespace {

std::string in_words(const SavedStates::Found& states) {
  std::string text;
  for (const auto& [slot, number] : states) text += fmt::format(" {}.{}={}", slot.first, slot.second, number);
  return text;
}

}  // namespace

void SavedStates::saved(const std::string& node, const Slot& slot, std::uint64_t number) {
  if (node == server_) known_[node].kept[slot] = number;
}

void SavedStates::forgot(const std::string& node, const std::string& instance, std::uint64_t number) {
  if (node != server_) return;
  auto& known = known_[node];
  std::erase_if(known.kept, [&](const auto& kept) { return kept.first.first == instance; });
  known.gone[instance] = number;
}

std::string SavedStates::amiss(const Known& known, const Found& found) const {
  for (const auto& [slot, number] : known.kept) {
    const auto there = found.find(slot);
    const auto forgotten = forgotten_.find(slot.first);
    const bool is_forgotten =
        there == found.end() && forgotten != forgotten_.end() && forgotten->second > number;
    if (!is_forgotten && (there == found.end() || there->second < number))
      return fmt::format("without state {} of {}.{}; it has{}", number, slot.first, slot.second,
                         in_words(found));
  }
  for (const auto& [slot, number] : found) {
    const auto gone = known.gone.find(slot.first);
    if (gone != known.gone.end() && number < gone->second)
      return fmt::format("with state {} of {}.{}, which {} forgot", number, slot.first, slot.second,
                         gone->second);
  }
  return {};
}

std::string SavedStates::told(const std::string& node, const Found& found, bool has_all) {
  if (node == server_) return {};
  auto& known = known_[node];
  auto fault = amiss(known, found);
  if (has_all && fault.empty()) fault = amiss(known_[server_], found);
  known.kept = found;
  if (has_all) known.gone = known_[server_].gone;
  return fault.empty() ? fault : fmt::format("{} follows {}", node, fault);
}

std::string SavedStates::begin(const std::string& node, const Found& found) {
  auto known = known_[std::exchange(is_handed_over_, false) ? server_ : node];
  auto fault = amiss(known, found);
  server_ = node;
  known_.clear();
  known_[node] = {found, std::move(known.gone)};
  return fault.empty() ? fault : fmt::format("{} begins to serve {}", node, fault);
}

std::string SavedStates::at_rest(const std::string& active, const Found& there, const Found& elsewhere) {
  if (active != server_) return fmt::format("{} is active, and {} began to serve last", active, server_);
  if (there != known_[active].kept)
    return fmt::format("{} saved{}, and has{}", active, in_words(known_[active].kept), in_words(there));
  if (elsewhere != there)
    return fmt::format("{} has saved{}, and the other node has{}", active, in_words(there),
                       in_words(elsewhere));
  return {};
}

}  // namespace fieldline::sim
