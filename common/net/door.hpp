// A listening socket with CURVE, guarded by ZAP: what a router and a publisher stand on. Lives on its loop.
#pragma once

#include <memory>
#include <string>

#include "common/base/result.hpp"
#include "common/net/admission.hpp"
#include "common/net/key_pair.hpp"
#include "common/net/limits.hpp"
#include "common/net/loop.hpp"
#include "common/net/zap.hpp"

namespace fieldline::net {

class Socket;

class Door {
 public:
  enum class Kind { kRouter, kPublisher };
  struct Options {
    std::string endpoint;  // "tcp://127.0.0.1:7100"; port * is a free one
    std::string domain;    // names this door's list of keys to ZAP; one door each
    int send_high_water = kSendHighWater;
    int receive_high_water = kReceiveHighWater;
  };

  // Fails when the endpoint is malformed or taken. Needs the ZAP handler to be there already: without one
  // libzmq takes any key. `zap` and `admission` must outlive the door.
  static Result<std::unique_ptr<Door>> open(Loop& loop, Zap& zap, Admission& admission, const KeyPair& keys,
                                            Kind kind, const Options& options);
  ~Door();
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  // Dials the door with two fresh keys: the unknown one must be refused, the known one let in. Without it a
  // missing ZAP handler or domain would go unnoticed: libzmq then lets any key in. Runs the loop meanwhile,
  // so call it at start, before Loop::run(). An error means: exit.
  Result<> prove_refusal();

  [[nodiscard]] bool admits(const std::string& key) const { return admission_.admits(key); }
  // Where it listens, with the real port.
  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }
  [[nodiscard]] Loop& loop() const { return loop_; }
  [[nodiscard]] Socket& socket() const { return *socket_; }

 private:
  Door(Loop& loop, Zap& zap, Admission& admission, std::string public_key, Kind kind, std::string domain,
       std::unique_ptr<Socket> socket);

  Loop& loop_;
  Zap& zap_;
  Admission& admission_;
  const std::string public_key_;
  const Kind kind_;
  const std::string domain_;
  const std::unique_ptr<Socket> socket_;
  const std::string endpoint_;
};

}  // namespace fieldline::net
