// Members from a seed that mean something where they stand: what they name exists there and has the
// type they need.
#pragma once

#include <string>
#include <vector>

#include "tests/unit/coordinator/templates/random_library.hpp"

namespace fieldline::templates {

// Writes for one template or instance, whose members so far are `tree`.
class RandomMembers {
 public:
  RandomMembers(const Expansion& tree, Dice& dice) : tree_(tree), dice_(dice) {}

  static Json attribute(Dice& dice);
  // Null when there is nothing to watch.
  Json alarm();
  // A call-only one calls nobody; any other one may call those, whose names begin with C.
  Json script(bool call_only);
  // Puts overrides of members below `prefix` into `layer`, each member at most once, and none of `own`.
  void override_some(Json& layer, const std::string& prefix, const Json& own);

 private:
  struct Known {
    std::string name;  // relative to the scope
    DataType type;
    bool writable;
  };

  [[nodiscard]] std::vector<Known> attributes_in(std::string_view scope) const;
  [[nodiscard]] std::vector<std::string> callables_in(std::string_view scope) const;
  Json limit(double value);
  void put_condition(Json& alarm, AlarmKind kind, DataType type);
  Json trigger(std::string_view scope);
  std::string source(std::string_view scope, bool may_call);
  std::string statement(const std::vector<Known>& attributes, int number);
  Json override_of(const std::string& name, const Member<Attribute>& member);
  Json override_of(const std::string& name, const Member<Alarm>& member);
  Json override_of(const std::string& name, const Member<Script>& member);
  template <class T>
  void override_some(Json& layer, const char* folder, const std::string& prefix, const Members<T>& members,
                     const Json& own);

  const Expansion& tree_;
  Dice& dice_;
};

}  // namespace fieldline::templates
