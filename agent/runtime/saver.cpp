#include "agent/runtime/saver.hpp"

#include <utility>

#include "agent/runtime/limits.hpp"

namespace fieldline::runtime {

Saver::Saver(const Speaker& speaker, Send send)
    : strand_(speaker.strand), send_(std::move(send)), voice_(speaker, Category::kSystem, kFailureRate) {}

Saver::~Saver() {
  stop();
}

void Saver::put(std::string key, std::string bytes) {
  changed_.insert_or_assign(std::move(key), std::move(bytes));
  send_next();
}

void Saver::saved(const Result<>& outcome) {
  auto sent = std::exchange(on_its_way_, {});
  if (outcome) {
    send_next();
    return;
  }
  changed_.merge(std::move(sent));  // what changed meanwhile is newer and stays
  if (stopped_) return;
  voice_.say(Severity::kError, "runtime",
             "retained values and alarm states are not saved: " + outcome.error().describe());
  retry_ = strand_.after(kSaveRetry, [this] {
    retry_ = 0;
    send_next();
  });
}

void Saver::stop() {
  stopped_ = true;
  strand_.cancel(std::exchange(retry_, 0));
}

Kept Saver::unsaved() const {
  auto all = changed_;
  all.insert(on_its_way_.begin(), on_its_way_.end());
  return all;
}

void Saver::send_next() {
  if (stopped_ || changed_.empty() || !on_its_way_.empty() || retry_ != 0) return;
  on_its_way_ = std::exchange(changed_, {});
  send_(on_its_way_);
}

}  // namespace fieldline::runtime
