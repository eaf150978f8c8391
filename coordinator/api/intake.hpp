// Reads the bytes of a connection ahead of the HTTP library, which answers a malformed or oversized
// request by closing without a word: Intake says what the answer is, before a body is stored.
// Follows pipelined and chunked messages. One connection each, on the server's thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "coordinator/api/service.hpp"

namespace fieldline::api {

class Intake {
 public:
  using Allow = std::function<Allowance(const Head&)>;

  Intake(Allow allow, std::string peer);
  ~Intake();

  struct Verdict {
    std::size_t pass = 0;             // bytes that may go on to the HTTP library
    std::optional<Response> refusal;  // the answer to the message after those; the connection ends
    bool expects_continue = false;    // the client waits for "100 Continue" before its body
  };
  // After a refusal nothing more may be taken.
  [[nodiscard]] Verdict take(std::span<const char> bytes);

 private:
  struct Message;
  std::unique_ptr<Message> message_;
};

}  // namespace fieldline::api
