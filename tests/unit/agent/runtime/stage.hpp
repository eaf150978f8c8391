// One instance on a virtual strand, with a device named "plc", its events and what it saves.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/runtime/instance.hpp"
#include "tests/unit/agent/runtime/world.hpp"

namespace fieldline::runtime {

class Stage {
 public:
  explicit Stage(const Configured& configured, Heritage heritage = {}, bool enabled = true) {
    auto compiled = Compiled::compile(configured.config());
    REQUIRE(compiled);
    auto links = FieldLinks::open(compiled->config(), [this](const Connection&) { return device; });
    REQUIRE(links);
    instance = std::make_unique<Instance>(
        *compiled, std::move(*links),
        Speaker{*strand, compiled->config().instance,
                [this](Event event) { events.push_back(std::move(event)); }},
        [this](const Kept& changed) {
          for (const auto& [key, bytes] : changed) saved[key] = bytes;
          strand->post([this] { instance->saved({}); });
        },
        [this](Asked asked, Answered answered) {
          others.ask(std::move(asked), [this, answered](Result<Json> answer) {
            strand->post([answered, answer] { answered(answer); });
          });
        });
    REQUIRE(instance->load());
    on_strand([&] { instance->start(heritage, enabled); });
    world.run_for(Duration::zero());
  }

  // Runs `act` on the strand, as everything that is done with an instance.
  void on_strand(const std::function<void()>& act) {
    bool done = false;
    strand->post([&] {
      act();
      done = true;
    });
    REQUIRE(world.run_until([&] { return done; }, std::chrono::seconds(1)));
  }

  void show(const std::string& address, Value value, Quality quality = Quality::kGood) {
    device->show(address, {quality, world.clock().utc(), world.clock().utc(), std::move(value)});
    world.run_for(Duration::zero());
  }

  Result<> write(const std::string& attribute, const Value& value) {
    std::optional<Result<>> answer;
    on_strand(
        [&] { instance->write(attribute, value, [&](Result<> outcome) { answer = std::move(outcome); }); });
    REQUIRE(world.run_until([&] { return answer.has_value(); }, std::chrono::seconds(10)));
    return *answer;
  }

  [[nodiscard]] Sample sample(const std::string& attribute) const {
    for (const auto& [name, sample] : instance->values()) {
      if (name == attribute) return sample;
    }
    FAIL("no attribute " << attribute);
    return {};
  }
  [[nodiscard]] Value value(const std::string& attribute) const { return sample(attribute).value; }
  [[nodiscard]] Quality quality(const std::string& attribute) const { return sample(attribute).quality; }

  [[nodiscard]] std::vector<std::string> messages(Category category) const {
    std::vector<std::string> list;
    for (const auto& event : events) {
      if (event.category == category) list.push_back(event.message);
    }
    return list;
  }

  VirtualTime world;
  std::unique_ptr<Executor> strand = world.executor();
  std::shared_ptr<FakeDevice> device = std::make_shared<FakeDevice>();
  OtherSystems others;
  std::vector<Event> events;
  Kept saved;
  std::unique_ptr<Instance> instance;
};

}  // namespace fieldline::runtime
