#include "common/net/door.hpp"

#include <fmt/format.h>

#include <optional>

#include "common/base/check.hpp"

namespace fieldline::net {
namespace {

std::string describe(const std::optional<Link>& link) {
  if (!link) return "got no answer";
  switch (*link) {
    case Link::kReady:
      return "was let in";
    case Link::kUnreachable:
      return "could not reach it";
    case Link::kRefused:
      return "was refused";
    case Link::kLost:
      return "lost the connection";
  }
  FIELDLINE_UNREACHABLE();
}

// One connection of the start-up proof and the first news of it.
struct Visitor {
  Visitor(Loop& loop, const Door& door)
      : keys(KeyPair::generate()),
        dial(loop, door.visitors, keys, {.endpoint = door.endpoint, .server_key = door.public_key}) {
    dial.on_link([this](Link link) {
      if (!news) news = link;
    });
  }

  const KeyPair keys;
  CurveDial dial;
  std::optional<Link> news;
};

}  // namespace

Result<> prove_refusal(Loop& loop, Zap& zap, Admission& admission, const Door& door) {
  Visitor stranger(loop, door);
  Visitor guest(loop, door);
  zap.overlook(stranger.keys.public_key());
  admission.allow(guest.keys.public_key());
  auto dialled = stranger.dial.reconnect();
  if (dialled) dialled = guest.dial.reconnect();
  const bool both = dialled && loop.run_until([&] { return stranger.news && guest.news; }, kProofTimeout);
  zap.overlook({});
  admission.revoke(guest.keys.public_key());
  if (!dialled) return dialled;
  if (both && stranger.news == Link::kRefused && guest.news == Link::kReady) return {};
  return fail(ErrorCode::kInternal,
              fmt::format("the start-up test of the door failed: an unknown key {}, a known key {}",
                          describe(stranger.news), describe(guest.news)),
              door.endpoint);
}

}  // namespace fieldline::net
