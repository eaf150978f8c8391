// Where the contract of Router and Dealer is tried: real sockets and their twins show the same face.
#pragma once

#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/net/admission.hpp"
#include "common/net/dealer.hpp"
#include "common/net/key_pair.hpp"
#include "common/net/router.hpp"

namespace fieldline::net {

enum class Reading { kAwake, kAsleep };

class World {
 public:
  virtual ~World() = default;

  [[nodiscard]] virtual Admission& admission() = 0;
  [[nodiscard]] virtual Router& router() = 0;
  virtual void close_router() = 0;
  // One that is asleep can send, but nothing it is sent is ever read.
  [[nodiscard]] virtual std::unique_ptr<Dealer> dealer(const KeyPair& keys, const std::string& server_key,
                                                       Reading reading) = 0;
  [[nodiscard]] virtual const std::string& server_key() const = 0;
  // Lets the world go on until `done` holds; false when that takes too long.
  [[nodiscard]] virtual bool until(const std::function<bool()>& done) = 0;
};

// A dealer with what it has heard so far.
class Node {
 public:
  explicit Node(World& world, Reading reading = Reading::kAwake)
      : Node(world, KeyPair::generate(), world.server_key(), reading) {}
  Node(World& world, const KeyPair& pair, const std::string& server_key, Reading reading = Reading::kAwake)
      : keys(pair), dealer(world.dealer(keys, server_key, reading)) {
    dealer->on_message([this](Frames&& frames) { messages.push_back(std::move(frames)); });
    dealer->on_link([this](Link news) { links.push_back(news); });
  }

  [[nodiscard]] bool heard(Link news) const { return !links.empty() && links.back() == news; }

  const KeyPair keys;
  std::unique_ptr<Dealer> dealer;
  std::vector<Frames> messages;
  std::vector<Link> links;
};

// A router's end with what has come in so far.
class Center {
 public:
  explicit Center(World& world) {
    world.router().on_message([this](Router::Arrival&& arrival) { arrivals.push_back(std::move(arrival)); });
    world.router().on_refused([this](const std::string& key, std::string_view reason) {
      refusals.emplace_back(key, std::string(reason));
    });
  }

  std::vector<Router::Arrival> arrivals;
  std::vector<std::pair<std::string, std::string>> refusals;
};

// An admitted node whose first message, "hello", has arrived: the peer by which it can be answered.
inline Router::Peer join(World& world, Center& center, Node& node) {
  world.admission().allow(node.keys.public_key());
  const auto before = center.arrivals.size();
  REQUIRE(node.dealer->reconnect().has_value());
  REQUIRE(node.dealer->send({"hello"}) == Sent::kYes);
  REQUIRE(world.until([&] { return center.arrivals.size() > before; }));
  REQUIRE(center.arrivals.back().key == node.keys.public_key());
  return center.arrivals.back().peer;
}

}  // namespace fieldline::net
