#include "common/lua/library.hpp"

#include <utility>

#include "common/base/check.hpp"

namespace fieldline::lua {

void Library::immediate(std::string name, Immediate function) {
  FIELDLINE_CHECK(functions_.emplace(std::move(name), std::move(function)).second);
}

void Library::awaiting(std::string name, Awaiting function) {
  FIELDLINE_CHECK(functions_.emplace(std::move(name), std::move(function)).second);
}

void Library::asking(std::string name, Asking function) {
  FIELDLINE_CHECK(functions_.emplace(std::move(name), std::move(function)).second);
}

}  // namespace fieldline::lua
