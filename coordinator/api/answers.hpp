// Ways to answer that several nouns share: from another room's answer, on a worker, and for documents
// with their validators. On the coordinator's loop.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "coordinator/api/options.hpp"
#include "coordinator/api/rooms.hpp"

namespace fieldline::api {

// What another room may call with its answer: `render` makes the response of a good one.
template <class T, class Render>
auto answer_with(const Reply& reply, Render render) {
  return [reply, render = std::move(render)](Result<T> outcome) {
    if (!outcome) return reply.fail(outcome.error());
    reply.send(render(*outcome));
  };
}

// Sends what `render` returns, which may take its time: it runs on the worker.
void answer_on_worker(const Rooms& rooms, const Reply& reply, std::function<Response()> render);

// The same, from another room's answer.
template <class T, class Render>
auto render_on_worker(const Rooms& rooms, const Reply& reply, Render render) {
  return [rooms, reply, render = std::move(render)](Result<T> outcome) {
    if (!outcome) return reply.fail(outcome.error());
    answer_on_worker(rooms, reply, [render, value = std::make_shared<const T>(std::move(*outcome))] {
      return render(*value);
    });
  };
}

// "there is no template named 'Pump'"
Error no_document(const templates::DocumentKey& key);
// The path that a document is served at.
std::string location(const templates::DocumentKey& key);

void get_document(const Rooms& rooms, const templates::DocumentKey& key, const Request& request,
                  const Reply& reply);
void put_document(const Rooms& rooms, const templates::DocumentKey& key, Request& request,
                  const Reply& reply);
void remove_document(const Rooms& rooms, const templates::DocumentKey& key, const Request& request,
                     const Reply& reply);
// Is the request's If-Match good for what exists? kPreconditionRequired, kPreconditionFailed.
Result<> check_precondition(const Request& request, const Revision& current);

// What the audit log is to say of a change of documents: the revisions before and after.
void note_change(const Reply& reply, const catalog::Applied& applied);

// A page of the documents of one kind, in order of name: {"<plural>": [...], "next": "..."}.
void list_documents(const Rooms& rooms, const Request& request, const Reply& reply,
                    templates::DocumentKind kind, std::string_view plural,
                    const std::function<bool(const templates::Document&)>& wanted);

}  // namespace fieldline::api
