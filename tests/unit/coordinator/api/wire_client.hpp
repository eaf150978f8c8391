// A client that sends exactly the bytes it is told to and shows what came back. For tests of servers.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace fieldline::api::test {

struct Answer {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;                            // decoded, when it was chunked

  [[nodiscard]] std::string header(const std::string& name) const;
};

class WireClient {
 public:
  // `receive_buffer` in bytes, 0 for the system's own: a small one makes a slow reader of it.
  explicit WireClient(std::uint16_t port, int receive_buffer = 0);
  ~WireClient();
  WireClient(const WireClient&) = delete;
  WireClient& operator=(const WireClient&) = delete;

  // False when the server has closed.
  bool send(std::string_view bytes);
  void finish_sending();
  // Reads until `text` has come, the server closes (false) or ten seconds have passed (false).
  bool read_until(std::string_view text);
  // Whether the server closes within `limit`; what it still sends is read.
  bool is_closed_within(std::chrono::milliseconds limit);
  // One whole response; status 0 when the server closed before it was whole. Of a HEAD: no body.
  Answer response(bool of_head = false);

  // All that came and was not taken as a response.
  std::string received;

 private:
  bool read_some(std::chrono::steady_clock::time_point deadline);
  std::optional<std::string> take_line();
  std::optional<std::string> take(std::size_t bytes);
  std::optional<std::string> take_chunks();

  int socket_;
};

// "GET /x HTTP/1.1" with Host and what is given; a body gets its Content-Length.
std::string request(std::string_view method, std::string_view target, std::string_view fields = "",
                    std::string_view body = "");

}  // namespace fieldline::api::test
