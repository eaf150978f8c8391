#include "tests/sim/pair_world.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace fieldline::sim {
namespace {

using namespace std::chrono_literals;

// The slowest that disks are here, and that instances take to stop.
constexpr Duration kDisk = 40ms;
constexpr Duration kStop = 600ms;
constexpr Duration kDrain = 2s;
constexpr Duration kRowEvery = 400ms;

}  // namespace

Instant MachineClock::now() const {
  const auto passed = static_cast<double>((world_.now_ - zero_).count());
  return Instant(shown_ + Duration(static_cast<std::int64_t>(passed * rate_)));
}

Timestamp MachineClock::utc() const {
  return Timestamp(1'800'000'000s) + world_.now_ + wall_offset_;
}

Duration MachineClock::true_time(Instant local) const {
  const auto ahead = static_cast<double>((local.time_since_epoch() - shown_).count());
  return zero_ + Duration(static_cast<std::int64_t>(ahead / rate_) + 1);
}

void MachineClock::reboot(Duration shows) {
  shown_ = shows;
  zero_ = world_.now_;
}

void MachineClock::set_rate(double rate) {
  shown_ = now().time_since_epoch();
  zero_ = world_.now_;
  rate_ = rate;
}

// The vote in the coordinators' database, written and read under the term.
class CentralVotes final : public lease::Votes {
 public:
  CentralVotes(PairWorld& world, std::size_t which, std::uint64_t term)
      : world_(world), which_(which), term_(term) {}

  void keep(const lease::Vote& vote, Done done) override {
    later(
        [this, vote]() -> Result<> {
          if (auto mine = authority(); !mine) return mine;
          auto& disk = world_.central_disk_;
          if (vote.epoch <= disk.vote.epoch) return fail(ErrorCode::kPreconditionFailed, "voted later");
          const bool failed = world_.random.fraction() < world_.weather_.bad_disk;
          if (!failed || world_.random.below(2) == 0) disk.vote = vote;
          if (failed) return fail(ErrorCode::kIo, "nobody knows");
          return {};
        },
        std::move(done));
  }
  void confirm(Done done) override {
    later([this] { return authority(); }, std::move(done));
  }

 private:
  [[nodiscard]] Result<> authority() const {
    if (world_.central_disk_.term != term_) return fail(ErrorCode::kConflict, "another leads");
    return {};
  }
  // The database does it some time after it was asked, and the answer takes some time.
  template <class Work>
  void later(Work work, Done done) {
    const auto life = world_.centrals_[which_]->life;
    world_.at(world_.now_ + world_.some(kDisk), kC + which_, life,
              [this, work = std::move(work), done = std::move(done), life] {
                auto outcome = work();
                world_.at(world_.now_ + world_.some(kDisk), kC + which_, life,
                          [done, outcome = std::move(outcome)] { done(outcome); });
              });
  }

  PairWorld& world_;
  const std::size_t which_;
  const std::uint64_t term_;
};

PairWorld::PairWorld(std::uint64_t seed) : random(seed) {
  for (std::size_t node : {kA, kB}) {
    nodes_[node] = std::make_unique<PairNode>(*this);
    auto& settings = nodes_[node]->settings;
    settings.node = kPlaces[node];
    settings.peer = kPlaces[1 - node];
    settings.preferred = node == kA;
    nodes_[node]->clock.reboot(some(24h));
  }
  for (auto& central : centrals_) {
    central = std::make_unique<PairCentral>(*this);
    central->clock.reboot(some(24h));
  }
}

PairWorld::~PairWorld() = default;

void PairWorld::set_rates(double a, double b, double central) {
  nodes_[kA]->clock.set_rate(a);
  nodes_[kB]->clock.set_rate(b);
  for (auto& one : centrals_) one->clock.set_rate(central);
}

bool PairWorld::later(const Entry& left, const Entry& right) {
  return std::pair(left.at, left.order) > std::pair(right.at, right.order);
}

void PairWorld::at(Duration when, std::size_t place, std::uint64_t life, std::function<void()> task) {
  due_.push_back({when, ++order_, place, life, std::move(task)});
  std::push_heap(due_.begin(), due_.end(), later);
}

std::uint64_t PairWorld::life(std::size_t place) const {
  return place < kC ? nodes_[place]->life : centrals_[place - kC]->life;
}

Duration PairWorld::paused_until(std::size_t place) const {
  return place < kC ? nodes_[place]->paused_until : centrals_[place - kC]->paused_until;
}

bool PairWorld::run_until(const std::function<bool()>& done, Duration limit) {
  const auto end = now_ + limit;
  while (!due_.empty() && due_.front().at <= end) {
    if (done && done()) return true;
    std::pop_heap(due_.begin(), due_.end(), later);
    auto entry = std::move(due_.back());
    due_.pop_back();
    // What a stopped process would do, it does when it goes on, in the same order.
    if (const auto resumes = paused_until(entry.place); resumes > entry.at) {
      entry.at = resumes;
      due_.push_back(std::move(entry));
      std::push_heap(due_.begin(), due_.end(), later);
      continue;
    }
    if (acting().empty()) vacant_ += entry.at - now_;
    now_ = entry.at;
    if (entry.life != 0 && entry.life != life(entry.place)) continue;
    entry.task();
    look();
  }
  if (done && done()) return true;
  now_ = end;
  return false;
}

void PairWorld::run_for(Duration span) {
  static_cast<void>(run_until({}, span));
}

void PairWorld::start() {
  start(kC);
  start(kA);
  start(kB);
}

void PairWorld::start(std::size_t place) {
  if (place == kC) return start_central(leading_);
  auto& node = *nodes_[place];
  ++node.life;
  node.session = leading_;
  node.state = pair::start(node.settings, node.disk, node.journal, {node.clock.now(), node.clock.utc()});
  node.tick_at.reset();
  node.unsure = 0;
  step(place, pair::Tick{});
  at(now_ + some(kRowEvery), place, node.life, [this, place] { write_journal(place); });
}

void PairWorld::start_central(std::size_t which) {
  auto& central = *centrals_[which];
  ++central.life;
  central.term = ++central_disk_.term;
  central.votes = std::make_unique<CentralVotes>(*this, which, central.term);
  central.booth = std::make_unique<lease::Booth>(central.clock, *central.votes, central_disk_.vote,
                                                 lease::Timers{}.lease);
}

void PairWorld::depose_central() {
  const auto next = 1 - leading_;
  if (centrals_[next]->booth) centrals_[next]->booth.reset();
  start_central(next);
  leading_ = next;
}

void PairWorld::crash(std::size_t place, bool reboot) {
  if (place == kC) {
    for (auto& central : centrals_) {
      ++central->life;
      central->booth.reset();
      central->paused_until = {};
      if (reboot) central->clock.reboot(some(10s));
    }
    return;
  }
  auto& node = *nodes_[place];
  ++node.life;
  // What was on its way to the disk is there, or is not.
  if (node.writing && random.below(2) == 0) node.disk = *node.writing;
  node.writing.reset();
  node.state.reset();
  node.paused_until = {};
  if (reboot) node.clock.reboot(some(10s));
}

bool PairWorld::up(std::size_t place) const {
  return place == kC ? centrals_[leading_]->booth != nullptr : nodes_[place]->state.has_value();
}

void PairWorld::heal() {
  cut_ = {};
  delay_ = {};
}

void PairWorld::pause(std::size_t place, Duration span) {
  auto& until = place == kC ? centrals_[leading_]->paused_until : nodes_[place]->paused_until;
  until = now_ + span;
}

void PairWorld::send(std::size_t from, std::size_t to, std::size_t place,
                     const std::function<void()>& arrive) {
  if (cut_[from][to] || random.fraction() < weather_.loss) return;
  const int copies = random.fraction() < weather_.duplication ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    at(now_ + delay_[from][to] + some(weather_.latency), place, 0, [this, from, to, arrive] {
      if (!cut_[from][to]) arrive();
    });
  }
}

void PairWorld::step(std::size_t node, const pair::Event& event) {
  auto& self = *nodes_[node];
  if (!self.state) return;
  for (const auto& action : pair::step(*self.state, event, {self.clock.now(), self.clock.utc()})) {
    if (random.fraction() < weather_.sudden) return crash(node);
    carry_out(node, action);
  }
  schedule_tick(node);
}

void PairWorld::schedule_tick(std::size_t node) {
  auto& self = *nodes_[node];
  const auto when = std::max(self.clock.true_time(pair::next_tick(*self.state)), now_ + Duration(1));
  if (self.tick_at && *self.tick_at <= when) return;
  self.tick_at = when;
  at(when, node, self.life, [this, node] {
    nodes_[node]->tick_at.reset();
    step(node, pair::Tick{});
  });
}

void PairWorld::carry_out(std::size_t node, const pair::Action& action) {
  auto& self = *nodes_[node];
  const auto peer = 1 - node;
  const auto later = [&](Duration most, const pair::Event& event) {
    at(now_ + some(most), node, self.life, [this, node, event] { step(node, event); });
  };
  if (const auto* keep = std::get_if<pair::KeepVote>(&action)) return keep_vote(node, keep->vote);
  if (const auto* mail = std::get_if<pair::ToPeer>(&action)) {
    return send(node, peer, peer,
                [this, peer, message = mail->message] { step(peer, pair::FromPeer{message}); });
  }
  if (const auto* mail = std::get_if<pair::ToCentral>(&action)) return to_central(node, mail->message);
  if (std::holds_alternative<pair::EndServing>(action)) return later(kStop, pair::Stopped{});
  if (std::holds_alternative<pair::StopDeliveries>(action)) return later(kDrain, pair::Drained{});
  if (const auto* enter = std::get_if<pair::Enter>(&action)) {
    self.why = enter->why;
    if (enter->to == NodePhase::kActive && enter->from == NodePhase::kCandidate) ++promotions_;
    return;
  }
  self.told.push_back(action);
}

void PairWorld::keep_vote(std::size_t node, const lease::Vote& vote) {
  auto& self = *nodes_[node];
  self.writing = vote;
  at(now_ + some(kDisk), node, self.life, [this, node, vote] {
    auto& writer = *nodes_[node];
    writer.writing.reset();
    if (vote.epoch <= writer.disk.epoch) {
      if (writer.disk.epoch == writer.unsure) return step(node, pair::VoteKept{false});
      fault_ = fmt::format("{} votes in epoch {} after {}", kPlaces[node], vote.epoch, writer.disk.epoch);
    }
    const bool failed = random.fraction() < weather_.bad_disk;
    if (!failed || random.below(2) == 0) {
      writer.disk = vote;
      writer.unsure = failed ? vote.epoch : 0;
    }
    step(node, pair::VoteKept{!failed});
  });
}

void PairWorld::to_central(std::size_t node, const pair::CentralMessage& message) {
  const auto which = nodes_[node]->session;
  const std::string holder(kPlaces[node]);
  send(node, kC, kC + which, [this, node, which, holder, message] {
    auto* booth = centrals_[which]->booth.get();
    if (booth == nullptr) return;
    if (const auto* release = std::get_if<LeaseRelease>(&message)) booth->release(holder, release->epoch);
    const auto* request = std::get_if<VoteRequest>(&message);
    if (request == nullptr) return;
    booth->ask({holder, *request}, [this, node](const lease::Answer& answer) {
      send(kC, node, node, [this, node, answer] { step(node, pair::FromCentral{answer}); });
    });
  });
}

// The active node writes rows; they reach the peer as the weather has it.
void PairWorld::write_journal(std::size_t node) {
  auto& self = *nodes_[node];
  if (acts(node)) {
    const auto epoch = self.state->epoch;
    self.journal = {epoch, self.journal.epoch == epoch ? self.journal.sequence + 1 : 1};
    step(node, pair::Reached{self.journal});
    send(node, 1 - node, 1 - node, [this, peer = 1 - node, row = self.journal] {
      auto& other = *nodes_[peer];
      if (!other.state || row <= other.journal || acts(peer)) return;
      other.journal = row;
      step(peer, pair::Reached{row});
    });
  }
  at(now_ + kRowEvery, node, self.life, [this, node] { write_journal(node); });
}

bool PairWorld::acts(std::size_t node) const {
  const auto& self = *nodes_[node];
  return self.state && pair::may_act(*self.state, self.clock.now());
}

std::vector<std::size_t> PairWorld::acting() const {
  std::vector<std::size_t> found;
  for (std::size_t node : {kA, kB}) {
    if (acts(node)) found.push_back(node);
  }
  return found;
}

NodePhase PairWorld::phase(std::size_t node) const {
  return nodes_[node]->state ? nodes_[node]->state->phase : NodePhase::kTerminated;
}

void PairWorld::look() {
  if (!fault_.empty()) return;
  const bool a = acts(kA);
  const bool b = acts(kB);
  if (a && b) fault_ = "both nodes may act: " + describe();
  if (a) look_at_epoch(kA);
  if (b) look_at_epoch(kB);
}

void PairWorld::look_at_epoch(std::size_t node) {
  const auto epoch = nodes_[node]->state->epoch;
  if (acted_in_[node] == epoch) return;
  if (const auto found = epochs_.find(epoch); found != epochs_.end()) {
    fault_ =
        fmt::format("{} acts in epoch {}, in which {} acted", kPlaces[node], epoch, kPlaces[found->second]);
  } else if (!epochs_.empty() && epoch < epochs_.rbegin()->first) {
    fault_ = fmt::format("{} acts in epoch {} after {}", kPlaces[node], epoch, epochs_.rbegin()->first);
  }
  epochs_.emplace(epoch, node);
  acted_in_[node] = epoch;
}

std::string PairWorld::describe() const {
  std::string text = fmt::format("at {} ms", now_ / 1ms);
  for (std::size_t node : {kA, kB}) {
    const auto& self = *nodes_[node];
    text += fmt::format("; {} {} ({}) epoch {} disk {}/{}", kPlaces[node], name(phase(node)), self.why,
                        self.state ? self.state->epoch : 0, self.disk.epoch, self.disk.holder);
  }
  return text + fmt::format("; central {}/{} term {}", central_disk_.vote.epoch, central_disk_.vote.holder,
                            central_disk_.term);
}

}  // namespace fieldline::sim
