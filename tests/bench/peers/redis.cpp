#include <hiredis/hiredis.h>

#include "common/base/check.hpp"
#include "tests/bench/peers/peers.hpp"
#include "tests/bench/peers/server.hpp"
#include "tests/bench/stopwatch.hpp"

namespace fieldline::bench {

double redis_accepts(const std::filesystem::path& folder, const Load& load) {
  const int port = free_port();
  const Server server(folder,
                      {"redis-server", "--bind", "127.0.0.1", "--port", std::to_string(port), "--dir",
                       folder.string(), "--appendonly", "yes", "--appendfsync", "always", "--save", ""},
                      {}, [&] { return listens(port); });
  auto* client = redisConnect("127.0.0.1", port);
  FIELDLINE_CHECK(client != nullptr && client->err == 0);
  const std::string body(load.bytes, 'm');
  const auto ask = [&] {
    FIELDLINE_CHECK(redisAppendCommand(client, "XADD erp * body %b", body.data(), body.size()) == REDIS_OK);
  };
  const Stopwatch watch;
  std::size_t asked = 0;
  for (; asked < load.in_flight; ++asked) ask();
  for (std::size_t answered = 0; answered < load.count; ++answered) {
    void* reply = nullptr;
    FIELDLINE_CHECK(redisGetReply(client, &reply) == REDIS_OK);
    FIELDLINE_CHECK(static_cast<redisReply*>(reply)->type == REDIS_REPLY_STRING);
    freeReplyObject(reply);
    if (asked < load.count) {
      ask();
      ++asked;
    }
  }
  const auto took = watch.milliseconds();
  redisFree(client);
  return static_cast<double>(load.count) / took * 1000;
}

}  // namespace fieldline::bench
