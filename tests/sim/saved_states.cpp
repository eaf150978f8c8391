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
  if (node == server_) sure_[node][slot] = number;
}

void SavedStates::forgot(const std::string& node, const std::string& instance) {
  if (node == server_)
    std::erase_if(sure_[node], [&](const auto& kept) { return kept.first.first == instance; });
}

void SavedStates::told(const std::string& node, const Found& found) {
  if (node != server_) sure_[node] = found;
}

std::string SavedStates::begin(const std::string& node, const Found& found) {
  std::string fault;
  for (const auto& [slot, number] : sure_[std::exchange(is_handed_over_, false) ? server_ : node]) {
    const auto there = found.find(slot);
    const bool is_forgotten = there == found.end() && forgotten_[slot.first] > number;
    if (!is_forgotten && (there == found.end() || there->second < number))
      fault = fmt::format("{} begins to serve without state {} of {}.{}; it has{}", node, number, slot.first,
                          slot.second, in_words(found));
  }
  server_ = node;
  sure_.clear();
  sure_[node] = found;
  return fault;
}

std::string SavedStates::at_rest(const std::string& active, const Found& there, const Found& elsewhere) {
  if (active != server_) return fmt::format("{} is active, and {} began to serve last", active, server_);
  if (there != sure_[active])
    return fmt::format("{} saved{}, and has{}", active, in_words(sure_[active]), in_words(there));
  if (elsewhere != there)
    return fmt::format("{} has saved{}, and the other node has{}", active, in_words(there),
                       in_words(elsewhere));
  return {};
}

}  // namespace fieldline::sim
