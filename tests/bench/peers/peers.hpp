// Message stores that others run, from Debian's packages, accepting the same messages on the same disk: each
// a server of its own on loopback, in a folder of its own, gone after the call. A plain client of its C
// library.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>
#include <vector>

namespace fieldline::bench {

// What a client sends: so many messages, so many of them asked for and not answered at any time.
struct Load {
  std::size_t count = 0;
  std::size_t in_flight = 0;
  std::size_t bytes = 0;
};

struct Peer {
  std::string_view name;  // and how it is told to be durable
  // Messages a second that it accepted. `folder` is there and empty.
  double (*accepts)(const std::filesystem::path& folder, const Load& load);
};

double redis_accepts(const std::filesystem::path& folder, const Load& load);
double rabbitmq_accepts(const std::filesystem::path& folder, const Load& load);
double postgresql_accepts(const std::filesystem::path& folder, const Load& load);
double nats_accepts(const std::filesystem::path& folder, const Load& load);

inline const std::vector<Peer>& peers() {
  static const std::vector<Peer> all{
      {"Redis Streams, appendfsync always", redis_accepts},
      {"RabbitMQ, quorum queue", rabbitmq_accepts},
      {"PostgreSQL, a row each", postgresql_accepts},
      {"NATS JetStream, answers before a sync", nats_accepts},
  };
  return all;
}

}  // namespace fieldline::bench
