// Libraries from a seed: sound ones with everything that documents can say, changes of them that may
// break something, and documents that are broken on purpose.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/random.hpp"
#include "coordinator/templates/expansion.hpp"
#include "coordinator/templates/library.hpp"

namespace fieldline::templates {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t bound) { return random_.below(bound); }
  bool one_in(std::size_t chances) { return below(chances) == 0; }
  template <class List>
  const auto& pick(const List& list) {
    return list[below(list.size())];
  }
  template <class List>
  void shuffle(List& list) {
    for (std::size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[below(i)]);
  }

  bool truth() { return one_in(2); }
  // Anything that UTF-8 and an engineer's keyboard allow.
  std::string text();
  // What fits an attribute of this type, as documents write it.
  Json value(DataType type);

 private:
  Random random_;
};

class RandomLibrary {
 public:
  explicit RandomLibrary(std::uint64_t seed);

  // Sound: it can be stored, and every instance deployed.
  [[nodiscard]] const Library& library() const { return library_; }
  // What may become of it by one to three changes; not always sound. A site goes only when nothing
  // names it.
  Library changed();
  Dice& dice() { return dice_; }

 private:
  void add(const Json& document);
  Json site(const std::string& name);
  Json connection(const std::string& name, Protocol protocol);
  Json template_named(int number);
  Json instance_named(const std::string& name);
  Library change_once(const Library& before);
  Json touched(const Document& document);

  Dice dice_;
  Library library_;
  std::vector<std::string> sites_;
  int templates_ = 0;
  int instances_ = 0;
};

// `document` with something in it taken out, doubled, moved, renamed or replaced; `names` are words to
// put in.
Json broken(Json document, const std::vector<std::string>& names, Dice& dice);

}  // namespace fieldline::templates
