// Ties the addressed attributes of an instance to connections of its site.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "coordinator/templates/expansion.hpp"

namespace fieldline::templates {

struct Bound {
  struct Tie {
    const Member<Attribute>* member;
    const Binding* binding;

    void apply_to(Attribute& attribute) const {
      attribute.connection = binding->connection;
      if (!binding->address.empty()) attribute.address = binding->address;
    }
  };
  std::vector<Tie> ties;                             // sorted by name of the attribute
  std::map<std::string, const Document*> documents;  // of the connections used, by name
};

enum class Unbound { kRefused, kAllowed };

// The result points into `tree` and `instance`.
Bound bind(const Expansion& tree, const Library& library, const Document& instance, Unbound unbound,
           Findings& findings);

void check_site(const Library& library, const Document& instance, Findings& findings);

// What can be wrong with a connection's document, wherever it is used.
void check_connection(const Library& library, const Document& connection, Findings& findings);

}  // namespace fieldline::templates
