// One ZeroMQ socket with the transport rules set: bounded queues, no ZMTP heartbeats, no automatic
// reconnect, no linger, never blocking. Exceptions of cppzmq end here. Lives on its loop.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <zmq.hpp>

#include "common/base/result.hpp"
#include "common/net/frames.hpp"
#include "common/net/key_pair.hpp"
#include "common/net/limits.hpp"

namespace fieldline::net {

class Socket {
 public:
  struct Limits {
    int send_high_water = kSendHighWater;
    int receive_high_water = kReceiveHighWater;
    std::size_t frames = kMaxFrames;
  };

  // A message as it came in.
  struct Inbound {
    std::string routing_id;  // ROUTER only
    std::string key;         // ZAP's User-Id; empty without ZAP
    Frames frames;
    std::string_view refusal;  // why it is not to be handed on; then there are no frames
  };

  // Fails when descriptors or the context's sockets have run out.
  static Result<std::unique_ptr<Socket>> open(zmq::context_t& context, zmq::socket_type type,
                                              const Limits& limits);

  // Before bind() or connect().
  void serve_curve(const KeyPair& keys, const std::string& domain);
  void use_curve(const KeyPair& keys, const std::string& server_key);

  // A SUB; before connect().
  void subscribe_to_all();

  Result<> bind(const std::string& endpoint);
  Result<> connect(const std::string& endpoint);
  [[nodiscard]] std::string endpoint() const;
  [[nodiscard]] int descriptor() const;

  // The next whole message; empty when there is none.
  [[nodiscard]] std::optional<Inbound> receive();
  // Sends all of a message or nothing; `routing_id` empty but for a ROUTER.
  [[nodiscard]] Sent send(std::string_view routing_id, Frames&& frames);

  // For a socket that receives nothing: peers come and go all the same.
  void run_commands();

  [[nodiscard]] zmq::socket_t& handle() { return socket_; }

 private:
  Socket(zmq::socket_t socket, zmq::socket_type type, std::size_t max_frames)
      : socket_(std::move(socket)), type_(type), max_frames_(max_frames) {}
  [[nodiscard]] bool take(zmq::message_t& part);

  zmq::socket_t socket_;
  const zmq::socket_type type_;
  const std::size_t max_frames_;
};

}  // namespace fieldline::net
