// The ZAP handler (RFC 27) of a loop: libzmq asks it about every CURVE handshake, it asks the
// Admission of that router's domain, and names each accepted session by its key (User-Id).
// Refuses every other mechanism and domain. Lives on the loop; made before any other socket.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "common/net/admission.hpp"
#include "common/net/frames.hpp"
#include "common/net/loop.hpp"

namespace fieldline::net {

class Socket;

class Zap final : private Loop::Source {
 public:
  explicit Zap(Loop& loop);
  ~Zap() override;
  Zap(const Zap&) = delete;
  Zap& operator=(const Zap&) = delete;

  // Handshakes in `domain` are decided by `admission`, until release().
  void guard(const std::string& domain, Admission& admission);
  void release(const std::string& domain);
  // A try of this one key, refused like any unknown one, leaves no trace: it is the start-up proof.
  // Empty: none.
  void overlook(std::string public_key) { overlooked_ = std::move(public_key); }

 private:
  bool take_turn() override;
  [[nodiscard]] Frames answer(const Frames& request);

  Loop& loop_;
  const std::unique_ptr<Socket> socket_;
  std::unordered_map<std::string, Admission*> domains_;
  std::string overlooked_;
};

}  // namespace fieldline::net
