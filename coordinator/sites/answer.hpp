// How asynchronous calls answer: once, later, on the loop.
#pragma once

#include <functional>

#include "common/base/result.hpp"

namespace fieldline::sites {

template <class T = void>
using Answer = std::function<void(Result<T>)>;

}  // namespace fieldline::sites
