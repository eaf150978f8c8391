#include "tests/sim/replication_world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "tests/sim/replication_node.hpp"

namespace fieldline::sim {

using namespace std::chrono_literals;

namespace {

constexpr Duration kLook = 20ms;
constexpr std::array<std::array<const char*, 2>, 2> kWays{{{"a", "b"}, {"b", "a"}}};

}  // namespace

ReplicationWorld::ReplicationWorld(std::uint64_t seed)
    : random(seed),
      network(Random(seed + 1)),
      state_dice(seed + 2),
      seed_(seed),
      central_loop_(time.executor()),
      a_(std::make_unique<ReplicationNode>(*this, "a", "b")),
      b_(std::make_unique<ReplicationNode>(*this, "b", "a")) {
  start_central();
  for (auto* node : {a_.get(), b_.get()}) {
    disk.format(node->name());
    node->start();
  }
}

ReplicationWorld::~ReplicationWorld() {
  a_->crash();
  b_->crash();
}

void ReplicationWorld::start_central() {
  central_.reset();
  central_votes_ = std::make_unique<lease::MemoryVotes>(*central_loop_, central_vote_);
  central_ = std::make_unique<lease::Booth>(central_loop_->clock(), *central_votes_, central_vote_, 6s);
}

// The uplink and back, without its messages: delay, loss, cuts.
void ReplicationWorld::to_central(ReplicationNode& from, const pair::CentralMessage& message) {
  const auto travel = [this] { return Duration(static_cast<std::int64_t>(random.below(30'000))); };
  if (cut_from_central_.contains(from.name()) || random.below(50) == 0) return;
  central_loop_->after(travel(), [this, &from, message, travel, life = from.life()] {
    if (const auto* release = std::get_if<LeaseRelease>(&message))
      return central_->release(from.name(), release->epoch);
    const auto* request = std::get_if<VoteRequest>(&message);
    if (request == nullptr) return;
    central_->ask({from.name(), *request}, [this, &from, travel, life](const lease::Answer& answer) {
      if (cut_from_central_.contains(from.name())) return;
      central_loop_->after(travel(), [&from, life, answer] {
        if (from.up() && from.life() == life) from.hear(answer);
      });
    });
  });
}

ReplicationNode* ReplicationWorld::active() {
  if (a_->may_act()) return a_.get();
  return b_->may_act() ? b_.get() : nullptr;
}

ReplicationNode& ReplicationWorld::other(const ReplicationNode& node) {
  return &node == a_.get() ? *b_ : *a_;
}

void ReplicationWorld::blame(std::string fault) {
  if (fault_.empty())
    fault_ = fmt::format("at {} us: {}", time.clock().now().time_since_epoch().count(), fault);
}

void ReplicationWorld::watch() {
  if (a_->may_act() && b_->may_act()) blame("both nodes may act");
}

void ReplicationWorld::accepted(const MessageId& id, const ReplicationNode& by) {
  if (!accepted_.emplace(id, by.name()).second) blame("an id was given twice: " + id.text());
}

void ReplicationWorld::delivers(const MessageId& id, const ReplicationNode& by) {
  if (!by.may_act()) blame(by.name() + " delivers and may not");
  if (closed_.contains(id)) blame("delivered again, though both disks knew that it had ended: " + id.text());
  if (arrived_.contains(id)) ++doubles;
}

// What both disks know to have ended must never be delivered again.
void ReplicationWorld::close_ended() {
  if (!a_->up() || !b_->up()) return;
  std::vector<MessageId> open;
  for (const auto& [id, times] : arrived_) {
    if (!closed_.contains(id)) open.push_back(id);
  }
  const auto at_both = b_->of_endings(a_->of_endings(open));
  closed_.insert(at_both.begin(), at_both.end());
}

void ReplicationWorld::begins(const ReplicationNode& node) {
  if (auto fault = states.begin(node.name(), node.states()); !fault.empty()) blame(std::move(fault));
}

void ReplicationWorld::note_told() {
  const auto* now = active();
  if (now == nullptr || !now->runs()) return;
  const auto& standby = other(*now);
  if (!standby.follows(*now)) return;
  auto fault = states.told(standby.name(), standby.states(), standby.is_level_with(*now));
  if (!fault.empty()) blame(std::move(fault));
}

void ReplicationWorld::check_states() {
  const auto& now = *active();
  auto fault = states.at_rest(now.name(), now.states(), other(now).states());
  if (!fault.empty()) blame(std::move(fault));
}

void ReplicationWorld::hand_over() {
  wait_for(3s);  // a peer that was not heard in the bad weather is refused
  auto* old = active();
  if (old == nullptr) return blame("nobody is active in good weather");
  const auto before = doubles;
  states.hand_over();
  for (auto messages = random.below(20); messages > 0; --messages) old->send();
  wait_for(Duration(static_cast<std::int64_t>(random.below(100'000))));
  old->switch_over();
  if (!run_until([&] { return other(*old).may_act() && settled(); }, 1min))
    return blame(fmt::format("a planned switch gets nowhere: {}; {}", a_->describe(), b_->describe()));
  if (doubles != before) blame("a planned switch delivered again");
  check_states();
}

void ReplicationWorld::run_for(Duration span) {
  const auto end = time.clock().now() + span;
  while (time.clock().now() < end) {
    if (auto* node = active(); node != nullptr && random.below(8) == 0) {
      for (auto burst = random.below(100) == 0 ? 60 : 1; burst > 0; --burst) node->send();
    }
    time.run_for(std::min<Duration>(kLook, end - time.clock().now()));
    watch();
  }
}

void ReplicationWorld::wait_for(Duration span) {
  time.run_for(span);
  watch();
}

bool ReplicationWorld::run_until(const std::function<bool()>& done, Duration limit) {
  const auto end = time.clock().now() + limit;
  while (!done()) {
    if (time.clock().now() >= end) return false;
    time.run_for(200ms);
    watch();
  }
  return true;
}

void ReplicationWorld::mishap() {
  auto& node = random.below(2) == 0 ? *a_ : *b_;
  const auto& way = kWays[random.below(kWays.size())];
  switch (random.below(13)) {
    case 0:
    case 1:
    case 2:
      if (node.up()) ++takeovers;
      return node.up() ? node.crash() : node.start();
    case 3:
      if (!node.up()) return node.start();
      node.crash();
      return node.start();
    case 4:
    case 5:
      return network.cut(way[0], way[1]);
    case 6:
    case 7:
      return network.heal(way[0], way[1]);
    case 8:
      if (!cut_from_central_.erase(node.name())) cut_from_central_.insert(node.name());
      return;
    case 9:
      return start_central();
    case 10:
      return network.set_weather(
          {.latency_min = 1ms,
           .latency_max = Duration(static_cast<std::int64_t>(1000 + random.below(400'000))),
           .loss = 0.3 * random.fraction(),
           .duplication = 0.2 * random.fraction(),
           .reordering = 0.3 * random.fraction()});
    case 11:
      return network.set_weather({});
    default:
      if (auto* now = active()) now->switch_over();
  }
}

// What nobody else has by then may be lost.
void ReplicationWorld::lose_disk() {
  auto& node = random.below(2) == 0 ? *a_ : *b_;
  auto& heir = other(node);
  if (!heir.up()) return;
  std::vector<MessageId> open;
  for (const auto& [id, by] : accepted_) {
    if (!arrived_.contains(id)) open.push_back(id);
  }
  std::set<MessageId> known;
  for (const auto& ids : {heir.waiting(), heir.parked(), heir.of_endings(open)})
    known.insert(ids.begin(), ids.end());
  for (const auto& id : open) {
    if (!known.contains(id)) excused_.insert(id);
  }
  node.crash();
  disk.format(node.name());
  states.lose_disk(node.name());
  ++disks;
  node.start();
}

void ReplicationWorld::mend() {
  for (const auto& way : kWays) network.heal(way[0], way[1]);
  network.set_weather({});
  cut_from_central_.clear();
  if (!a_->up()) a_->start();
  if (!b_->up()) b_->start();
}

bool ReplicationWorld::settled() {
  return active() != nullptr && a_->is_settled() && b_->is_settled() && a_->waiting().empty() &&
         b_->waiting().empty();
}

std::vector<std::string> ReplicationWorld::lost() {
  const auto parked = active()->parked();
  std::vector<std::string> lost;
  for (const auto& [id, by] : accepted_) {
    const bool is_parked = std::find(parked.begin(), parked.end(), id) != parked.end();
    if (!arrived_.contains(id) && !is_parked && !excused_.contains(id)) lost.push_back(id.text());
  }
  return lost;
}

ReplicationReport ReplicationWorld::end() {
  close_ended();
  mend();
  if (!run_until([this] { return settled(); }, 5min))
    blame(fmt::format("it does not settle: {}; {}", a_->describe(), b_->describe()));
  if (fault_.empty()) {
    if (const auto gone = lost(); !gone.empty())
      blame(fmt::format("{} messages are lost: {}", gone.size(), gone.front()));
    auto at_a = a_->parked();
    auto at_b = b_->parked();
    std::sort(at_a.begin(), at_a.end());
    std::sort(at_b.begin(), at_b.end());
    if (at_a != at_b) blame("the nodes have not the same parked");
    check_states();
  }
  return {fault_, accepted_.size(), takeovers, switches, doubles, disks, excused_.size(), states.count()};
}

}  // namespace fieldline::sim
