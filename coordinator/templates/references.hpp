// Who depends on whom: what stands in the way of a removal, and how far a change reaches.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "coordinator/templates/library.hpp"

namespace fieldline::templates {

// The documents that `document` names, in its Lua too.
std::vector<DocumentKey> references(const Document& document);

// The other documents that name `key`, sorted: what stands in the way of its removal.
std::vector<DocumentKey> dependants(const Library& library, const DocumentKey& key);

struct Reach {
  std::set<DocumentKey> changed;  // created, removed, or of other content
  // Changed ones, those that may need other artifacts now, and all that descend from them.
  std::set<std::string> templates;
  std::vector<std::string> instances;  // whose flat configuration may differ, sorted
};

// How far the change from one library to the other reaches. Unchanged documents are known by their
// address, so this costs a walk over the documents and no flattening.
Reach reach_of(const Library& before, const Library& after);

}  // namespace fieldline::templates
