// What every listening end shows at start: that it turns strangers away.
#pragma once

#include <string>

#include "common/base/result.hpp"
#include "common/net/admission.hpp"
#include "common/net/curve_dial.hpp"
#include "common/net/loop.hpp"
#include "common/net/zap.hpp"

namespace fieldline::net {

struct Door {
  std::string endpoint;
  std::string public_key;
  CurveDial::Kind visitors = CurveDial::Kind::kDealer;
};

// Dials the door with two fresh keys: the unknown one must be refused, the known one let in. Without it a
// missing ZAP handler or domain would go unnoticed: libzmq then lets any key in. Runs the loop meanwhile, so
// call it at start, before Loop::run(). An error means: exit.
Result<> prove_refusal(Loop& loop, Zap& zap, Admission& admission, const Door& door);

}  // namespace fieldline::net
