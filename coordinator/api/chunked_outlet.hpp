// A response that goes on, in chunks, as RESTinio sends it. For server.cpp alone.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <restinio/all.hpp>
#include <string>
#include <vector>

#include "coordinator/api/door.hpp"

namespace fieldline::api {

template <class Builder>
void add_fields(Builder& builder, const Response& response) {
  if (!response.content_type.empty()) builder.append_header("Content-Type", response.content_type);
  for (const auto& [field, value] : response.headers) builder.append_header(field, value);
}

inline restinio::http_status_line_t status_line(int status) {
  return {restinio::http_status_code_t(static_cast<std::uint16_t>(status)), std::string(reason(status))};
}

// The server's thread as others reach it. Outlives the server while somebody still holds a reply; what
// is posted then is dropped, since it would keep its own place alive for ever.
class Stage {
 public:
  asio::io_context io{1};

  [[nodiscard]] Door& door() { return asio::use_service<Door>(io); }

  // False once the curtain is down. Any thread.
  template <class Task>
  bool post(Task task) {
    const std::lock_guard lock(mutex_);
    if (down_) return false;
    asio::post(io, std::move(task));
    return true;
  }

  // Runs what still waits, and nothing after that. Once no thread runs `io`.
  void bring_down() {
    {
      const std::lock_guard lock(mutex_);
      down_ = true;
    }
    io.restart();
    io.poll();
  }

 private:
  std::mutex mutex_;
  bool down_ = false;
};

// A chunked response that goes on. What is written waits here while one write is under way, so that
// many small pieces become one, and what waits can be counted.
class ChunkedOutlet final : public Outlet, public std::enable_shared_from_this<ChunkedOutlet> {
 public:
  using Builder = restinio::response_builder_t<restinio::chunked_output_t>;

  ChunkedOutlet(std::shared_ptr<Stage> stage, std::size_t limit) : stage_(std::move(stage)), limit_(limit) {}

  bool write(std::shared_ptr<const std::string> bytes) override {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    waiting_bytes_ += bytes->size();
    if (waiting_bytes_ > limit_) {
      closed_ = true;
      stage_->post([self = shared_from_this()] { self->give_up(); });
      return false;
    }
    waiting_.push_back(std::move(bytes));
    return flush_soon();
  }

  void close() override {
    const std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) return;
    ending_ = true;
    flush_soon();
  }

  // On the server's thread, as all below.
  void begin(restinio::request_t& request, const Response& head) {
    peer_ = request.remote_endpoint();
    builder_.emplace(request.create_response<restinio::chunked_output_t>(status_line(head.status)));
    add_fields(*builder_, head);
    builder_->flush();
  }

 private:
  // With the mutex held; false when there is no server any more.
  bool flush_soon() {
    if (std::exchange(writing_, true)) return true;
    if (!stage_->post([self = shared_from_this()] { self->flush(); })) closed_ = true;
    return !closed_;
  }

  void flush() {
    if (!builder_) return;
    std::vector<std::shared_ptr<const std::string>> batch;
    bool at_end = false;
    {
      const std::lock_guard lock(mutex_);
      batch.swap(waiting_);
      writing_ = !batch.empty();
      at_end = batch.empty() && ending_;
    }
    if (at_end) return end();
    if (batch.empty()) return;
    std::size_t bytes = 0;
    std::string chunk;
    for (const auto& piece : batch) {
      bytes += piece->size();
      chunk += *piece;
    }
    builder_->append_chunk(std::move(chunk));
    builder_->flush([weak = weak_from_this(), bytes](const asio::error_code& error) {
      if (const auto self = weak.lock()) self->written(bytes, error);
    });
  }

  void written(std::size_t bytes, const asio::error_code& error) {
    {
      const std::lock_guard lock(mutex_);
      waiting_bytes_ -= bytes;
      if (error) closed_ = true;
    }
    if (error)
      builder_.reset();
    else
      flush();
  }

  void give_up() {
    if (!builder_) return;
    stage_->door().expel(peer_);
    builder_.reset();
  }

  void end() {
    builder_->done();
    builder_.reset();
  }

  const std::shared_ptr<Stage> stage_;
  const std::size_t limit_;
  std::optional<Builder> builder_;
  tcp::endpoint peer_;

  std::mutex mutex_;
  std::vector<std::shared_ptr<const std::string>> waiting_;
  std::size_t waiting_bytes_ = 0;  // with those being written
  bool writing_ = false;
  bool closed_ = false;  // takes no more
  bool ending_ = false;  // is to end once all is written
};

}  // namespace fieldline::api
