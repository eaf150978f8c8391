// Whether all that an answer may need answers itself: asks each part again and again, one question at a
// time, however often somebody wants to know. Lives on the coordinator's loop and is destroyed only when
// that no longer runs.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/base/executor.hpp"
#include "common/base/result.hpp"

namespace fieldline::health {

class Readiness {
 public:
  using Answer = std::function<void(Result<>)>;

  struct Part {
    std::string name;  // "the database"
    Duration patience{};
    // False: it takes no question now. `answer` is called on the loop.
    std::function<bool(Answer answer)> ask;
  };

  Readiness(Executor& loop, std::vector<Part> parts);
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  // Asks now and from now on.
  void start();

  // A sentence for anybody; empty: ready. The log has the details.
  [[nodiscard]] std::string obstacle() const;

 private:
  struct Asked {
    Part part;
    Instant since{};  // of the question that is open
    bool open = false;
    bool taken = false;
    Result<> last;
  };

  void ask_all();
  void ask(Asked& asked);
  void answered(Asked& asked, Result<> outcome);

  Executor& loop_;
  std::vector<Asked> parts_;
};

}  // namespace fieldline::health
