#include <amqp.h>
#include <amqp_tcp_socket.h>

#include "common/base/check.hpp"
#include "tests/bench/peers/peers.hpp"
#include "tests/bench/peers/server.hpp"
#include "tests/bench/stopwatch.hpp"

namespace fieldline::bench {
namespace {

constexpr auto kProgram = "/usr/lib/rabbitmq/bin/rabbitmq-server";
constexpr auto kQueue = "erp";
constexpr amqp_channel_t kChannel = 1;

void expect(const amqp_rpc_reply_t& reply) {
  FIELDLINE_CHECK(reply.reply_type == AMQP_RESPONSE_NORMAL);
}

class Client {
 public:
  explicit Client(int port) : connection_(amqp_new_connection()) {
    FIELDLINE_CHECK(amqp_socket_open(amqp_tcp_socket_new(connection_), "127.0.0.1", port) == AMQP_STATUS_OK);
    expect(amqp_login(connection_, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest"));
    amqp_channel_open(connection_, kChannel);
    expect(amqp_get_rpc_reply(connection_));
    amqp_table_entry_t kind{};
    kind.key = amqp_cstring_bytes("x-queue-type");
    kind.value.kind = AMQP_FIELD_KIND_UTF8;
    kind.value.value.bytes = amqp_cstring_bytes("quorum");
    constexpr amqp_boolean_t durable = 1;
    amqp_queue_declare(connection_, kChannel, amqp_cstring_bytes(kQueue), 0, durable, 0, 0, {1, &kind});
    expect(amqp_get_rpc_reply(connection_));
    amqp_confirm_select(connection_, kChannel);
    expect(amqp_get_rpc_reply(connection_));
  }
  ~Client() { amqp_destroy_connection(connection_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void publish(const std::string& body) {
    amqp_basic_properties_t durable{};
    durable._flags = AMQP_BASIC_DELIVERY_MODE_FLAG;
    durable.delivery_mode = AMQP_DELIVERY_PERSISTENT;
    FIELDLINE_CHECK(amqp_basic_publish(connection_, kChannel, amqp_empty_bytes, amqp_cstring_bytes(kQueue), 0,
                                       0, &durable,
                                       {body.size(), const_cast<char*>(body.data())}) == AMQP_STATUS_OK);
  }
  // How many were confirmed, at least one.
  std::size_t confirmed() {
    amqp_frame_t frame{};
    FIELDLINE_CHECK(amqp_simple_wait_frame(connection_, &frame) == AMQP_STATUS_OK);
    FIELDLINE_CHECK(frame.frame_type == AMQP_FRAME_METHOD &&
                    frame.payload.method.id == AMQP_BASIC_ACK_METHOD);
    const auto& ack = *static_cast<amqp_basic_ack_t*>(frame.payload.method.decoded);
    amqp_maybe_release_buffers(connection_);
    // Those of a quorum queue may come out of order; a multiple one counts from the last multiple one.
    if (ack.multiple == 0) {
      ++single_;
      return 1;
    }
    const auto more = ack.delivery_tag - through_ - single_;
    through_ = ack.delivery_tag;
    single_ = 0;
    return more;
  }

 private:
  amqp_connection_state_t connection_;
  std::uint64_t through_ = 0;
  std::uint64_t single_ = 0;  // confirmed alone since
};

}  // namespace

double rabbitmq_accepts(const std::filesystem::path& folder, const Load& load) {
  const auto port = free_port();
  const auto names = std::to_string(free_port());  // Erlang's daemon for names of nodes
  const Server daemon(folder, {"epmd", "-port", names, "-address", "127.0.0.1"}, {},
                      [&] { return listens(std::stoi(names)); });
  const auto path = folder.string();
  const Server server(folder, {kProgram},
                      {{"ERL_EPMD_PORT", names},
                       {"HOME", path},
                       {"RABBITMQ_DIST_PORT", std::to_string(free_port())},
                       {"RABBITMQ_ENABLED_PLUGINS_FILE", path + "/plugins"},
                       {"RABBITMQ_LOG_BASE", path},
                       {"RABBITMQ_MNESIA_BASE", path},
                       {"RABBITMQ_NODENAME", "bench@localhost"},
                       {"RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1"},
                       {"RABBITMQ_NODE_PORT", std::to_string(port)}},
                      [&] { return listens(port); });
  Client client(port);
  const std::string body(load.bytes, 'm');
  const Stopwatch watch;
  std::size_t asked = 0;
  for (; asked < load.in_flight; ++asked) client.publish(body);
  for (std::size_t answered = 0; answered < load.count;) {
    const auto more = client.confirmed();
    answered += more;
    for (std::size_t i = 0; i < more && asked < load.count; ++i, ++asked) client.publish(body);
  }
  return static_cast<double>(load.count) / watch.milliseconds() * 1000;
}

}  // namespace fieldline::bench
