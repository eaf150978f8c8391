#include "common/net/zap.hpp"

#include <zmq.hpp>

#include "common/base/check.hpp"
#include "common/net/socket.hpp"

namespace fieldline::net {
namespace {

constexpr auto kEndpoint = "inproc://zeromq.zap.01";
// Frames of a request for CURVE.
enum : std::size_t { kVersion, kRequestId, kDomain, kAddress, kIdentity, kMechanism, kClientKey, kFrames };
constexpr std::size_t kRawKeyBytes = 32;
constexpr std::size_t kZ85KeyBytes = 40;

std::unique_ptr<Socket> listen(Loop& loop) {
  auto socket = Socket::open(loop.context(), zmq::socket_type::rep, {.frames = kFrames});
  FIELDLINE_CHECK(socket.has_value());
  FIELDLINE_CHECK((*socket)->bind(kEndpoint).has_value());
  return std::move(*socket);
}

std::string as_z85(const std::string& raw) {
  std::string text(kZ85KeyBytes + 1, '\0');
  zmq_z85_encode(text.data(), reinterpret_cast<const std::uint8_t*>(raw.data()), raw.size());
  text.pop_back();
  return text;
}

Frames accept(const std::string& request_id, std::string key) {
  return {"1.0", request_id, "200", "OK", std::move(key), ""};
}

Frames refuse(const std::string& request_id) {
  return {"1.0", request_id, "400", "not admitted", "", ""};
}

}  // namespace

Zap::Zap(Loop& loop) : loop_(loop), socket_(listen(loop)) {
  loop_.watch(*this, socket_->descriptor());
}

Zap::~Zap() {
  loop_.unwatch(*this, socket_->descriptor());
}

void Zap::guard(const std::string& domain, Admission& admission) {
  FIELDLINE_CHECK(domains_.emplace(domain, &admission).second);
}

void Zap::release(const std::string& domain) {
  domains_.erase(domain);
}

bool Zap::take_turn() {
  for (int i = 0; i < kMessagesPerTurn; ++i) {
    const auto request = socket_->receive();
    if (!request) return false;
    // Who asked may have left in the meantime: libzmq drops the answer then.
    static_cast<void>(socket_->send({}, answer(request->frames)));
  }
  return true;
}

Frames Zap::answer(const Frames& request) {
  if (request.size() != kFrames) return refuse(request.size() > kRequestId ? request[kRequestId] : "");
  const auto domain = domains_.find(request[kDomain]);
  if (request[kVersion] != "1.0" || request[kMechanism] != "CURVE" || domain == domains_.end() ||
      request[kClientKey].size() != kRawKeyBytes) {
    return refuse(request[kRequestId]);
  }
  auto key = as_z85(request[kClientKey]);
  auto& admission = *domain->second;
  if (admission.admits(key)) return accept(request[kRequestId], std::move(key));
  if (key != overlooked_) admission.knock(key, request[kAddress]);
  return refuse(request[kRequestId]);
}

}  // namespace fieldline::net
