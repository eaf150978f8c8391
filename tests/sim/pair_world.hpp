// The role machines of a pair's two nodes and the coordinator's voter in one process, under true time
// that only the test knows: each machine has clocks of its own, links fail each direction by itself, a
// crash loses what is not on the disk. After every event it looks for what must never be.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/pair/role.hpp"
#include "common/base/random.hpp"
#include "common/lease/booth.hpp"

namespace fieldline::sim {

inline constexpr std::size_t kA = 0;
inline constexpr std::size_t kB = 1;
inline constexpr std::size_t kC = 2;  // the coordinator
inline constexpr std::array<std::string_view, 3> kPlaces{"a", "b", "central"};

class PairWorld;

// The clocks of a machine: boot time at a rate of its own, wall time that someone may set.
class MachineClock final : public Clock {
 public:
  explicit MachineClock(const PairWorld& world) : world_(world) {}
  [[nodiscard]] Instant now() const override;
  [[nodiscard]] Timestamp utc() const override;
  // The true time at which this clock shows `local`.
  [[nodiscard]] Duration true_time(Instant local) const;
  void reboot(Duration shows);
  void set_rate(double rate);
  void jump(Duration by) { wall_offset_ += by; }

 private:
  const PairWorld& world_;
  double rate_ = 1;
  Duration zero_{};  // true time
  Duration shown_{};
  Duration wall_offset_{};
};

// A node: the disk outlives a crash, `state` does not.
struct PairNode {
  explicit PairNode(const PairWorld& world) : clock(world) {}
  MachineClock clock;
  pair::Settings settings;
  lease::Vote disk;
  JournalPosition journal;
  std::optional<pair::State> state;
  std::uint64_t life = 0;  // events of an earlier one are lost
  Duration paused_until{};
  std::optional<Duration> tick_at;
  std::optional<lease::Vote> writing;
  std::uint64_t unsure = 0;        // the epoch of a vote that is on the disk, though its writing failed
  std::size_t session = 0;         // the coordinator that it talks to
  std::vector<pair::Action> told;  // windows, alarms and refusals
  std::string why;                 // of the last change of phase
};

// The coordinators' one database, which outlives them.
struct CentralDisk {
  lease::Vote vote;
  std::uint64_t term = 0;
};

struct PairCentral {
  explicit PairCentral(const PairWorld& world) : clock(world) {}
  MachineClock clock;
  std::unique_ptr<lease::Votes> votes;
  std::unique_ptr<lease::Booth> booth;
  std::uint64_t term = 0;
  std::uint64_t life = 0;
  Duration paused_until{};
};

struct PairWeather {
  Duration latency{std::chrono::milliseconds(5)};  // at most
  double loss = 0;
  double duplication = 0;
  double bad_disk = 0;  // a write fails, and is on the disk or not
  double sudden = 0;    // a node dies between two actions
};

class PairWorld {
 public:
  explicit PairWorld(std::uint64_t seed);
  ~PairWorld();

  // Before a node's start.
  pair::Settings& settings(std::size_t node) { return nodes_[node]->settings; }
  void set_rates(double a, double b, double central);

  void start();  // all three
  void start(std::size_t place);
  void crash(std::size_t place, bool reboot = false);
  [[nodiscard]] bool up(std::size_t place) const;
  // Another coordinator leads; the one before goes on and does not know. Nodes go over to the new one when
  // they do.
  void depose_central();
  void move_session(std::size_t node) { nodes_[node]->session = leading_; }
  void cut(std::size_t from, std::size_t to) { cut_[from][to] = true; }
  // All that goes this way takes so much longer.
  void delay(std::size_t from, std::size_t to, Duration by) { delay_[from][to] = by; }
  void heal();
  void set_weather(const PairWeather& weather) { weather_ = weather; }
  void pause(std::size_t place, Duration span);
  void jump_wall_clock(std::size_t node, Duration by) { nodes_[node]->clock.jump(by); }
  void command(std::size_t node, pair::Command command) { step(node, command); }
  void disown(std::size_t node) { step(node, pair::Disowned{"a test said so"}); }

  void run_for(Duration span);
  // False when it does not come true within `limit`.
  [[nodiscard]] bool run_until(const std::function<bool()>& done, Duration limit);

  // What must never be and was; empty when nothing was.
  [[nodiscard]] const std::string& fault() const { return fault_; }
  // The nodes that may act now.
  [[nodiscard]] std::vector<std::size_t> acting() const;
  [[nodiscard]] bool acts(std::size_t node) const;
  [[nodiscard]] const PairNode& node(std::size_t node) const { return *nodes_[node]; }
  [[nodiscard]] NodePhase phase(std::size_t node) const;
  [[nodiscard]] std::uint64_t promotions() const { return promotions_; }
  // How long nobody may act, so far.
  [[nodiscard]] Duration vacant() const { return vacant_; }
  [[nodiscard]] Duration true_now() const { return now_; }
  // What one kind of action told, newest last.
  template <class Told>
  [[nodiscard]] std::vector<Told> told(std::size_t node) const {
    std::vector<Told> found;
    for (const auto& action : nodes_[node]->told) {
      if (const auto* one = std::get_if<Told>(&action)) found.push_back(*one);
    }
    return found;
  }
  [[nodiscard]] std::string describe() const;

  Random random;

 private:
  friend class CentralVotes;
  struct Entry {
    Duration at;
    std::uint64_t order;
    std::size_t place;
    std::uint64_t life;  // 0: whichever
    std::function<void()> task;
  };
  static bool later(const Entry& left, const Entry& right);

  void at(Duration when, std::size_t place, std::uint64_t life, std::function<void()> task);
  [[nodiscard]] std::uint64_t life(std::size_t place) const;
  [[nodiscard]] Duration paused_until(std::size_t place) const;
  [[nodiscard]] Duration some(Duration most) {
    return Duration(static_cast<std::int64_t>(random.below(most.count() + 1)));
  }
  // Over the link, as the weather has it.
  void send(std::size_t from, std::size_t to, std::size_t place, const std::function<void()>& arrive);

  void step(std::size_t node, const pair::Event& event);
  void carry_out(std::size_t node, const pair::Action& action);
  void keep_vote(std::size_t node, const lease::Vote& vote);
  void to_central(std::size_t node, const pair::CentralMessage& message);
  void schedule_tick(std::size_t node);
  void write_journal(std::size_t node);
  void start_central(std::size_t which);
  void look();
  void look_at_epoch(std::size_t node);

  Duration now_{};
  std::uint64_t order_ = 0;
  std::vector<Entry> due_;
  std::array<std::unique_ptr<PairNode>, 2> nodes_;
  // Two coordinators at most: the one that leads, and the one before it.
  std::array<std::unique_ptr<PairCentral>, 2> centrals_;
  std::size_t leading_ = 0;
  CentralDisk central_disk_;
  std::array<std::array<bool, 3>, 3> cut_{};
  std::array<std::array<Duration, 3>, 3> delay_{};
  PairWeather weather_;
  std::string fault_;
  std::map<std::uint64_t, std::size_t> epochs_;  // who acted in it
  std::array<std::uint64_t, 2> acted_in_{};
  std::uint64_t promotions_ = 0;
  Duration vacant_{};

  friend class MachineClock;
};

}  // namespace fieldline::sim
