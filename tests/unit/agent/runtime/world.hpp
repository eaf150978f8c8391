// What instances and the runtime are tested in: a virtual world with a field device, a keeper and an
// event log that a test can look into.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/connections/connection.hpp"
#include "agent/runtime/keeper.hpp"
#include "agent/runtime/outside.hpp"
#include "common/base/virtual_time.hpp"
#include "common/model/event.hpp"
#include "common/model/flat_config.hpp"

namespace fieldline::runtime {

// A device of addresses that the test shows values at, and whose answers it chooses.
class FakeDevice final : public connections::FieldConnection {
 public:
  struct Write {
    std::string address;
    Value value;
  };

  std::unique_ptr<connections::Subscription> subscribe(std::vector<connections::Point> points,
                                                       Executor& executor, connections::Sink sink) override {
    auto subscription = std::make_unique<Subscriber>(*this, std::move(points), executor, std::move(sink));
    subscribers_.push_back(subscription.get());
    return subscription;
  }
  [[nodiscard]] ConnectionHealth state() const override { return {true, "", "plc"}; }

  void show(const std::string& address, const Sample& sample) {
    for (auto* subscriber : subscribers_) subscriber->show(address, sample);
  }
  [[nodiscard]] std::size_t subscribers() const { return subscribers_.size(); }

  std::vector<Write> writes;
  Result<> answer;      // to every write
  bool answers = true;  // or never

 private:
  class Subscriber final : public connections::Subscription {
   public:
    Subscriber(FakeDevice& device, std::vector<connections::Point> points, Executor& executor,
               connections::Sink sink)
        : device_(device), points_(std::move(points)), executor_(executor), sink_(std::move(sink)) {
      connections::Batch first;
      for (const auto& point : points_) first.push_back({point.id, Sample{}});
      deliver(first);
    }
    ~Subscriber() override { std::erase(device_.subscribers_, this); }

    void write(connections::PointId point, const Value& value, connections::Written done) override {
      for (const auto& known : points_) {
        if (known.id == point) device_.writes.push_back({known.address, value});
      }
      if (!device_.answers) return;
      executor_.post([done = std::move(done), answer = device_.answer, alive = std::weak_ptr(alive_)] {
        if (!alive.expired()) done(answer);
      });
    }

    void show(const std::string& address, const Sample& sample) {
      for (const auto& point : points_) {
        if (point.address == address) deliver({{point.id, sample}});
      }
    }

   private:
    void deliver(const connections::Batch& batch) {
      executor_.post([this, batch, alive = std::weak_ptr(alive_)] {
        if (!alive.expired()) sink_(batch);
      });
    }

    FakeDevice& device_;
    const std::vector<connections::Point> points_;
    Executor& executor_;
    const connections::Sink sink_;
    const std::shared_ptr<int> alive_ = std::make_shared<int>();
  };

  std::vector<Subscriber*> subscribers_;
};

// Other systems, whose answer the test chooses.
class OtherSystems final : public Outside {
 public:
  void ask(Asked request, Answered answered) override {
    asked.push_back(std::move(request));
    if (answers) {
      answered(answer);
    } else {
      open.push_back(std::move(answered));
    }
  }

  std::vector<Asked> asked;
  Result<Json> answer = Json::object();
  bool answers = true;  // or when the test does
  std::vector<Answered> open;
};

class MemoryKeeper final : public Keeper {
 public:
  void load(const std::string& instance, Loaded reply) override {
    if (broken) return reply(fail(ErrorCode::kIo, "the disk can't be read"));
    reply(kept[instance]);
  }
  void save(const std::string& instance, Kept changed, Saved reply) override {
    if (broken) return reply(fail(ErrorCode::kIo, "the disk is full"));
    for (auto& [key, bytes] : changed) kept[instance][key] = bytes;
    reply({});
  }
  void forget(const std::string& instance, Saved reply) override {
    if (broken) return reply(fail(ErrorCode::kIo, "the disk is full"));
    kept.erase(instance);
    reply({});
  }

  std::map<std::string, Kept> kept;
  bool broken = false;
};

// Fluent enough to read a test without its configuration in the way.
class Configured {
 public:
  explicit Configured(std::string instance = "pump-1") {
    config_.instance = std::move(instance);
    config_.site = "north";
    config_.area = "plant/intake";
    config_.template_name = "Pump";
  }

  Configured& connection(const std::string& name, Protocol protocol = Protocol::kSimulator) {
    config_.connections.push_back({"", name, {}, protocol});
    return *this;
  }
  Configured& attribute(Attribute attribute) {
    config_.attributes.push_back(std::move(attribute));
    return *this;
  }
  Configured& bound(const std::string& name, DataType type, const std::string& address,
                    bool writable = true) {
    return attribute({.address = address,
                      .connection = "plc",
                      .name = name,
                      .type = type,
                      .unit = "",
                      .value = {},
                      .writable = writable});
  }
  Configured& local(const std::string& name, DataType type, Value value, bool retained = false) {
    return attribute({.address = "",
                      .connection = "",
                      .name = name,
                      .retained = retained,
                      .type = type,
                      .unit = "",
                      .value = std::move(value),
                      .writable = true});
  }
  Configured& constant(const std::string& name, DataType type, Value value) {
    return attribute({.address = "",
                      .connection = "",
                      .name = name,
                      .type = type,
                      .unit = "",
                      .value = std::move(value),
                      .writable = false});
  }
  Configured& alarm(Alarm alarm) {
    config_.alarms.push_back(std::move(alarm));
    return *this;
  }
  Configured& high_alarm(const std::string& name, const std::string& attribute, double limit) {
    Alarm alarm;
    alarm.name = name;
    alarm.attribute = attribute;
    alarm.hi = AlarmLimit{.deadband = 1, .value = limit};
    alarm.message = "too high";
    return this->alarm(std::move(alarm));
  }
  Configured& script(Script script) {
    script.timeout = std::chrono::milliseconds(5);
    config_.scripts.push_back(std::move(script));
    return *this;
  }
  Configured& on_call(const std::string& name, const std::string& source) {
    Script script;
    script.name = name;
    script.source = source;
    return this->script(std::move(script));
  }
  Configured& every(Duration interval, const std::string& name, const std::string& source) {
    Script script;
    script.name = name;
    script.source = source;
    script.trigger = {.interval = interval, .kind = TriggerKind::kInterval};
    return this->script(std::move(script));
  }
  Configured& on_change(const std::vector<std::string>& attributes, const std::string& name,
                        const std::string& source) {
    Script script;
    script.name = name;
    script.source = source;
    script.trigger = {.attributes = attributes, .kind = TriggerKind::kValueChange};
    return this->script(std::move(script));
  }

  Configured& when(const TriggerCondition& condition, Duration interval, const std::string& name,
                   const std::string& source) {
    Script script;
    script.name = name;
    script.source = source;
    script.trigger = {.condition = condition, .interval = interval, .kind = TriggerKind::kCondition};
    return this->script(std::move(script));
  }

  // Sorted, as every flat configuration is.
  [[nodiscard]] FlatConfig config() const {
    auto sorted = config_;
    const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
    std::sort(sorted.alarms.begin(), sorted.alarms.end(), by_name);
    std::sort(sorted.attributes.begin(), sorted.attributes.end(), by_name);
    std::sort(sorted.connections.begin(), sorted.connections.end(), by_name);
    std::sort(sorted.scripts.begin(), sorted.scripts.end(), by_name);
    return sorted;
  }

 private:
  FlatConfig config_;
};

}  // namespace fieldline::runtime
