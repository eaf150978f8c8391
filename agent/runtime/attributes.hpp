// The attributes of one instance: what each holds, how far to trust it, and where a write of it
// goes. Refuses what does not fit the type. Lives on the instance's strand.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/runtime/field_links.hpp"
#include "agent/runtime/heritage.hpp"
#include "agent/runtime/saver.hpp"
#include "agent/runtime/tally.hpp"
#include "common/base/executor.hpp"
#include "common/base/result.hpp"
#include "common/model/flat_config.hpp"
#include "common/model/status.hpp"

namespace fieldline::runtime {

class Attributes {
 public:
  // `news`: the value is another, or has become usable; otherwise only its quality changed.
  using Changed = std::function<void(std::size_t attribute, bool news)>;
  using Written = connections::Written;
  // How a write goes on.
  enum class Course { kHeld, kAsked };

  // The lists of `config` are sorted; it and the rest outlive this.
  Attributes(const FlatConfig& config, FieldLinks links, Executor& strand, Saver& saver, Changed changed);

  // Takes over what still fits, as Uncertain_LastUsableValue until it is refreshed.
  void adopt(const Heritage& heritage);
  void bequeath(Heritage& heritage) const;
  // The retained values, as they have to be kept.
  void list_durable(Kept& durable) const;

  // Out of service at first.
  void put_in_service();
  void put_out_of_service();

  [[nodiscard]] std::optional<std::size_t> find(std::string_view path) const;
  // As others may see it: Bad_OutOfService while that is so.
  [[nodiscard]] Sample sample(std::size_t attribute) const;
  [[nodiscard]] std::vector<AttributeValue> all() const;
  void count(Tally& tally) const;

  // kHeld: done, and `done` is dropped. kAsked: the device will answer through `done`, unless the
  // instance is put out of service before.
  Result<Course> write(std::size_t attribute, const Value& value, Written done);

 private:
  struct Holding {
    Sample sample;
    bool real = false;  // was read or written at least once
  };

  [[nodiscard]] bool is_bound(std::size_t attribute) const;
  [[nodiscard]] bool can_adopt(std::size_t attribute, const Heritage& heritage, const HeldValue& held) const;
  void accept(std::size_t attribute, Sample sample);
  void hold(std::size_t attribute, Value value);

  const std::vector<Attribute>& definitions_;
  FieldLinks links_;
  Executor& strand_;
  Saver& saver_;
  const Changed changed_;
  std::vector<Holding> holdings_;
  std::optional<Timestamp> out_of_service_since_;
};

}  // namespace fieldline::runtime
