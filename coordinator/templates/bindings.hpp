// Ties the addressed attributes of an instance to connections of its site.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "coordinator/templates/expansion.hpp"

namespace fieldline::templates {

struct Bound {
  std::vector<Connection> connections;               // those used, sorted by name
  std::map<std::string, const Document*> documents;  // theirs, by name
  std::vector<std::string> readdressed;              // attributes whose address the binding gives
};

enum class Unbound { kRefused, kAllowed };

// Sets address and connection of the attributes in `tree`.
Bound bind(Expansion& tree, const Library& library, const Document& instance, Unbound unbound,
           Findings& findings);

void check_site(const Library& library, const Document& instance, Findings& findings);

// What can be wrong with a connection's document, wherever it is used.
void check_connection(const Library& library, const Document& connection, Findings& findings);

}  // namespace fieldline::templates
