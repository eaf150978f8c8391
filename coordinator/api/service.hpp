// What the HTTP server asks of the rest of the room, and how it is answered: at once, later, or as a
// stream that goes on. Answers may be given from any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "coordinator/api/http.hpp"
#include "coordinator/audit/entry.hpp"

namespace fieldline::api {

// The body of a response that goes on until one side ends it.
class Outlet {
 public:
  virtual ~Outlet() = default;
  // False once the stream has ended: the client left, or read too slowly and was closed. Any thread.
  virtual bool write(std::shared_ptr<const std::string> bytes) = 0;
  virtual void close() = 0;
};

// The one answer to one request. A copy is the same answer; the first one given counts. When the
// last copy goes unanswered the client gets 500, so a lost callback never leaves it waiting.
class Reply {
 public:
  class Exchange {
   public:
    virtual ~Exchange() = default;
    virtual void send(Response response) = 0;
    virtual std::shared_ptr<Outlet> open(Response head) = 0;
  };

  explicit Reply(std::unique_ptr<Exchange> exchange);

  void send(Response response) const;
  void fail(const Error& error) const;
  // The head of a response whose body goes on; empty when an answer was given before.
  [[nodiscard]] std::shared_ptr<Outlet> open(Response head) const;
  // `observer` sees the answer, and may add to it, on its way out. Before the reply is handed on.
  void observe(std::function<void(Response&)> observer) const;
  // A stream ends at its next bytes once `may_go_on` says no. Before the reply is handed on.
  void guard(std::function<bool()> may_go_on) const;
  // `gate` gets the answer, with what the audit log is to say of it, and sees to it that it, or another
  // one, passes. Before the reply is handed on; such a reply can't be opened.
  using Pass = std::function<void(Response)>;
  void hold(audit::Entry entry, std::function<void(audit::Entry, Response, Pass)> gate) const;
  // For who answers to add to, before the answer. Of a request that changes nothing nobody reads it.
  [[nodiscard]] audit::Entry& entry() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// How much body a request may send, judged by its head.
struct Allowance {
  std::size_t body_bytes = 0;
  Response otherwise;               // the answer to one that sends more
  std::function<void()> told = {};  // that it was given
};

class Service {
 public:
  virtual ~Service() = default;
  // Both on the server's thread; neither may block.
  [[nodiscard]] virtual Allowance allow(const Head& head) = 0;
  virtual void serve(Request request, Reply reply) = 0;
};

}  // namespace fieldline::api
