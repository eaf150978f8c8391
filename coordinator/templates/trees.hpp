// Checked trees of one library. The tree of a sound template is kept for its instances: each costs
// what it overrides. Forgets all when they hold more than kMaxKeptTrees. One thread at a time; the
// library must outlive it.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "coordinator/templates/expansion.hpp"
#include "coordinator/templates/script_check.hpp"

namespace fieldline::templates {

class Trees {
 public:
  explicit Trees(const Library& library) : library_(library) {}

  // What is wrong with it goes to `findings`, the same whether its template's tree was kept or not.
  Expansion of_instance(const Document& instance, Findings& findings);
  void check_template(const Document& document, Findings& findings);
  ScriptCheck& scripts() { return scripts_; }

 private:
  using TreePointer = std::shared_ptr<const Expansion>;

  TreePointer sound_tree_of(const std::string& template_name);
  TreePointer grow(const Document& document);

  const Library& library_;
  ScriptCheck scripts_;
  std::unordered_map<std::string, TreePointer> kept_;  // by template; null: it is not sound
  std::size_t kept_bytes_ = 0;                         // about
};

}  // namespace fieldline::templates
