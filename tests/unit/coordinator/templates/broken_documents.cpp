#include "tests/unit/coordinator/templates/random_library.hpp"

namespace fieldline::templates {
namespace {

// Every place of `json` with something in it, as pointers into it.
void collect_places(Json& json, std::vector<Json*>& places) {
  if (!json.is_structured() || json.empty()) return;
  places.push_back(&json);
  for (auto& item : json) collect_places(item, places);
}

Json junk(const std::vector<std::string>& names, Dice& dice) {
  switch (dice.below(8)) {
    case 0:
      return nullptr;
    case 1:
      return Json::array({"type", "template", 1});
    case 2:
      return Json::object({{dice.pick(names), dice.pick(names)}});
    case 3:
      return dice.value(DataType::kInt);
    case 4:
      return dice.value(DataType::kFloat);
    case 5:
      return dice.text();
    case 6:
      return std::string(dice.below(3000), 'x');
    default:
      return dice.pick(names);
  }
}

std::string key_in(const Json& object, Dice& dice) {
  auto at = object.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(dice.below(object.size())));
  return at.key();
}

void break_object(Json& object, const std::vector<std::string>& names, Dice& dice) {
  const auto key = key_in(object, dice);
  const auto other = key_in(object, dice);
  switch (dice.below(6)) {
    case 0:
      object.erase(key);
      return;
    case 1:
      object[dice.pick(names)] = Json(object[key]);
      return;
    case 2:
      object[key] = Json(object[other]);
      return;
    case 3:
      object["locked"] = Json::array({other});
      return;
    default:
      object[key] = junk(names, dice);
  }
}

}  // namespace

Json broken(Json document, const std::vector<std::string>& names, Dice& dice) {
  for (auto times = 1 + dice.below(3); times > 0; --times) {
    std::vector<Json*> places;
    collect_places(document, places);
    if (places.empty()) return document;
    auto& place = *dice.pick(places);
    if (place.is_object()) {
      break_object(place, names, dice);
    } else {
      place[dice.below(place.size())] = junk(names, dice);
    }
  }
  return document;
}

}  // namespace fieldline::templates
