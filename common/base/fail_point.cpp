#include "common/base/fail_point.hpp"

#ifndef NDEBUG

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string>

namespace fieldline {
namespace {

struct Chosen {
  std::string name;
  std::atomic<int> left = 1;

  Chosen() {
    const char* text = std::getenv("FIELDLINE_FAIL_POINT");
    if (text == nullptr) return;
    name = text;
    const auto colon = name.find(':');
    if (colon == std::string::npos) return;
    left = std::atoi(name.c_str() + colon + 1);
    name.resize(colon);
  }
};

}  // namespace

void fail_point(std::string_view name) {
  static Chosen chosen;
  if (name == chosen.name && --chosen.left == 0) static_cast<void>(std::raise(SIGKILL));
}

}  // namespace fieldline

#endif
