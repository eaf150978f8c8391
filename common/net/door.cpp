#include "common/net/door.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>
#include <zmq.hpp>

#include "common/base/check.hpp"
#include "common/net/curve_dial.hpp"
#include "common/net/socket.hpp"

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
  Visitor(Loop& loop, CurveDial::Kind kind, const std::string& endpoint, const std::string& server_key)
      : keys(KeyPair::generate()), dial(loop, kind, keys, {.endpoint = endpoint, .server_key = server_key}) {
    dial.on_link([this](Link link) {
      if (!news) news = link;
    });
  }

  const KeyPair keys;
  CurveDial dial;
  std::optional<Link> news;
};

}  // namespace

Result<std::unique_ptr<Door>> Door::open(Loop& loop, Zap& zap, Admission& admission, const KeyPair& keys,
                                         Kind kind, const Options& options) {
  auto socket = Socket::open(
      loop.context(), kind == Kind::kRouter ? zmq::socket_type::router : zmq::socket_type::pub,
      {.send_high_water = options.send_high_water, .receive_high_water = options.receive_high_water});
  if (!socket) return fail(std::move(socket.error()));
  (*socket)->serve_curve(keys, options.domain);
  zap.guard(options.domain, admission);
  if (auto bound = (*socket)->bind(options.endpoint); !bound) {
    zap.release(options.domain);
    return fail(std::move(bound.error()));
  }
  return std::unique_ptr<Door>(
      new Door(loop, zap, admission, keys.public_key(), kind, options.domain, std::move(*socket)));
}

Door::Door(Loop& loop, Zap& zap, Admission& admission, std::string public_key, Kind kind, std::string domain,
           std::unique_ptr<Socket> socket)
    : loop_(loop),
      zap_(zap),
      admission_(admission),
      public_key_(std::move(public_key)),
      kind_(kind),
      domain_(std::move(domain)),
      socket_(std::move(socket)),
      endpoint_(socket_->endpoint()) {}

Door::~Door() {
  zap_.release(domain_);
}

Result<> Door::prove_refusal() {
  const auto visitors = kind_ == Kind::kRouter ? CurveDial::Kind::kDealer : CurveDial::Kind::kSubscriber;
  Visitor stranger(loop_, visitors, endpoint_, public_key_);
  Visitor guest(loop_, visitors, endpoint_, public_key_);
  zap_.overlook(stranger.keys.public_key());
  admission_.allow(guest.keys.public_key());
  auto dialled = stranger.dial.reconnect();
  if (dialled) dialled = guest.dial.reconnect();
  const bool both = dialled && loop_.run_until([&] { return stranger.news && guest.news; }, kProofTimeout);
  zap_.overlook({});
  admission_.revoke(guest.keys.public_key());
  if (!dialled) return dialled;
  if (both && stranger.news == Link::kRefused && guest.news == Link::kReady) return {};
  return fail(ErrorCode::kInternal,
              fmt::format("the start-up test of the door failed: an unknown key {}, a known key {}",
                          describe(stranger.news), describe(guest.news)),
              endpoint_);
}

}  // namespace fieldline::net
