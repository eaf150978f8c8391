// The order to hold a set of artifacts: all of it or nothing. The documents are checked and the shared
// scripts compiled first; then, with no other order under way, every instance that uses a changed one is
// swapped, and the set becomes current. What fails after a swap is swapped back.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/orders/errand.hpp"
#include "agent/orders/surroundings.hpp"
#include "agent/uplink/uplink.hpp"
#include "common/model/order.hpp"
#include "common/wire/artifacts.hpp"

namespace fieldline::orders {

class ArtifactTask final : public Errand {
 public:
  // Runs what it is given once no order on an instance is under way, and begins none until this one ends.
  using Alone = std::function<void(std::function<void()>)>;

  // `current` outlives the task's last callback.
  ArtifactTask(const Surroundings& surroundings, Current& current, uplink::ReceivedOrder received,
               Alone alone)
      : Errand(surroundings, std::move(received)), current_(current), alone_(std::move(alone)) {}

 private:
  using Shared = std::shared_ptr<const runtime::SharedScripts>;
  using Compiled = runtime::Compiled;

  void begin() override;
  void arrived(std::string bytes) override;
  [[nodiscard]] Report report(Stage stage) const override;

  // What the node would hold. kNotFound with findings, or the error of a document.
  [[nodiscard]] Result<store::HeldArtifacts> gather_documents(std::vector<wire::PackageItem> items) const;
  void compile();
  void judge(const Shared& shared);
  void swap_next();
  void make_current();
  void swap_back(std::size_t left, const Error& error);

  // Instances that would lose an artifact which they name, or a shared script that one of these names.
  [[nodiscard]] std::vector<Finding> bereaved(const runtime::SharedScripts& shared) const;
  // Those that run with other shared scripts than they would have.
  [[nodiscard]] std::vector<Compiled> to_swap(const runtime::SharedScripts& shared) const;
  void swap(const Compiled& compiled, std::function<void(Result<>)> done);
  template <class Step>
  auto then(Step step) {
    return then_on(*this, std::move(step));
  }

  Current& current_;
  const Alone alone_;
  store::HeldArtifacts next_;
  Shared before_;
  std::vector<Compiled> users_;  // as they shall run
  std::size_t swapped_ = 0;
};

}  // namespace fieldline::orders
