#include "agent/uplink/uplink.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <bit>

namespace fieldline::uplink {
namespace {

// Messages kept until WELCOME: the answers to all orders that a node has under way.
constexpr std::size_t kMaxKept = 256;

}  // namespace

Uplink::Uplink(Executor& loop, net::Dealer& dealer, Node& node, Random random)
    : loop_(loop),
      dealer_(dealer),
      node_(node),
      random_(std::move(random)),
      self_(std::make_shared<Uplink*>(this)) {
  dealer_.on_message([this](net::Frames&& frames) { receive(std::move(frames)); });
  dealer_.on_link([this](net::Link link) {
    switch (link) {
      case net::Link::kReady:
        return;
      case net::Link::kUnreachable:
        return carry_out(lost(session_, loop_.clock().now(), random_), "the coordinator can't be reached");
      case net::Link::kRefused:
        return carry_out(lost(session_, loop_.clock().now(), random_),
                         "the coordinator does not accept this node's key (yet)");
      case net::Link::kLost:
        return carry_out(lost(session_, loop_.clock().now(), random_), "the connection broke");
    }
  });
}

Uplink::~Uplink() {
  *self_ = nullptr;
  loop_.cancel(tick_timer_);
  loop_.cancel(health_timer_);
}

void Uplink::start() {
  session_.deadline = loop_.clock().now();
  tick();
}

void Uplink::tick() {
  tick_timer_ = 0;
  carry_out(uplink::tick(session_, loop_.clock().now(), random_), "the coordinator is silent");
}

void Uplink::carry_out(Action action, std::string_view why) {
  switch (action) {
    case Action::kNone:
      break;
    case Action::kDial:
      dial();
      break;
    case Action::kPing:
      send(wire::Ping{});
      break;
    case Action::kHangUp:
      ++generation_;
      loop_.cancel(std::exchange(health_timer_, 0));
      node_.disconnected(why);
      break;
  }
  schedule_tick();
}

void Uplink::dial() {
  ++generation_;
  kept_.clear();
  if (const auto dialed = dealer_.reconnect(); !dialed) {
    spdlog::error("uplink: {}", dialed.error().describe());
    return;  // the greeting times out and the next attempt follows
  }
  const auto hello = node_.hello();
  term_ = hello.term;
  if (dealer_.send(wire::seal(hello, term_)) != net::Sent::kYes)
    spdlog::warn("uplink: HELLO could not be queued");
}

void Uplink::schedule_tick() {
  loop_.cancel(tick_timer_);
  tick_timer_ = loop_.after(next_tick(session_) - loop_.clock().now(), [this] { tick(); });
}

void Uplink::receive(net::Frames&& frames) {
  const auto envelope = wire::open(frames, wire::Sender::kCoordinator);
  if (!envelope) return drop(envelope.error().describe());
  heard(session_, loop_.clock().now());
  handle(*envelope);
}

void Uplink::handle(const wire::Envelope& envelope) {
  using wire::Type;
  if (envelope.header.type == Type::kWelcome) return handle_welcome(envelope);
  if (envelope.header.type == Type::kReject) return handle_reject(envelope);
  if (!open()) return drop("a message before WELCOME");
  switch (envelope.header.type) {
    case Type::kPong:
      return;
    case Type::kOrder:
      return handle_order(envelope);
    case Type::kPiece:
      return handle_piece(envelope);
    case Type::kInventoryQuery:
      return answer(envelope, &Node::inventory);
    case Type::kArtifactsQuery:
      return answer(envelope, &Node::artifacts);
    case Type::kValuesQuery:
      return answer(envelope, &Node::values);
    case Type::kAlarmsQuery:
      return answer(envelope, &Node::alarms);
    case Type::kEventsQuery:
      return answer(envelope, &Node::events);
    case Type::kSwitchQuery:
      return obey(envelope, &Node::hand_over);
    case Type::kMaintenanceQuery:
      return obey(envelope, &Node::maintain);
    case Type::kOutboxQuery:
      return answer(envelope, &Node::outbox);
    case Type::kParkedQuery:
      return answer(envelope, &Node::parked);
    case Type::kMessageQuery:
      return answer(envelope, &Node::message);
    case Type::kParkedDecision:
      return obey(envelope, &Node::decide);
    case Type::kVoteGrant:
      return handle_vote<VoteGrant>(envelope);
    case Type::kVoteRefusal:
      return handle_vote<VoteRefusal>(envelope);
    default:
      return drop("a type that nodes do not handle");
  }
}

template <class Body, class Then>
void Uplink::with_body(const wire::Envelope& envelope, Then then) {
  auto body = wire::body_of<Body>(envelope);
  if (!body) return drop(body.error().describe());
  then(std::move(*body));
}

void Uplink::handle_welcome(const wire::Envelope& envelope) {
  with_body<Welcome>(envelope, [this](const Welcome& welcome) {
    if (session_.phase != Phase::kGreeting) return drop("a WELCOME that was not asked for");
    session_term_ = welcome.term;
    uplink::welcomed(session_, welcome, loop_.clock().now());
    term_ = std::max(term_, welcome.term);
    health_interval_ = std::max(welcome.health_interval, Duration(std::chrono::milliseconds(100)));
    node_.welcomed(welcome);
    for (auto& frames : std::exchange(kept_, {})) transmit(std::move(frames));
    report_health();
    schedule_tick();
  });
}

void Uplink::handle_reject(const wire::Envelope& envelope) {
  with_body<Reject>(envelope, [this](const Reject& reject) {
    spdlog::warn("uplink: rejected: {}: {}", reject.code, reject.message);
    carry_out(lost(session_, loop_.clock().now(), random_), reject.code);
  });
}

void Uplink::handle_order(const wire::Envelope& envelope) {
  if (envelope.header.term != session_term_) return drop("an order of another term than its session");
  with_body<Order>(envelope, [&](Order order) {
    node_.order({std::move(order), std::string(envelope.attachment), envelope.header.term,
                 envelope.header.correlation});
  });
}

void Uplink::handle_piece(const wire::Envelope& envelope) {
  with_body<Piece>(envelope, [&](const Piece& piece) { node_.piece(piece, envelope.attachment); });
}

// What changes something counts only from the coordinator that this session was opened with.
template <class Query, class Answer>
void Uplink::obey(const wire::Envelope& envelope, void (Node::*done)(const Query&, Node::Reply<Answer>)) {
  if (envelope.header.term != session_term_) return drop("a command of another term than its session");
  answer(envelope, done);
}

// A vote counts only from the coordinator that this session was opened with.
template <class Answer>
void Uplink::handle_vote(const wire::Envelope& envelope) {
  if (!on_vote_) return drop("a vote that nobody asked for");
  if (envelope.header.term != session_term_) return drop("a vote of another term than its session");
  with_body<Answer>(envelope, [this](const Answer& answer) { on_vote_(answer); });
}

template <class Query, class Page>
void Uplink::answer(const wire::Envelope& envelope, void (Node::*ask)(const Query&, Node::Reply<Page>)) {
  with_body<Query>(envelope, [&](const Query& query) {
    (node_.*ask)(
        query, [self = self_, asked_in = generation_, correlation = envelope.header.correlation](Page page) {
          if (*self != nullptr && (*self)->generation_ == asked_in) (*self)->send_page(page, correlation);
        });
  });
}

void Uplink::report_health() {
  node_.health([self = self_, asked_in = generation_](NodeHealth health) {
    if (*self != nullptr && (*self)->generation_ == asked_in) (*self)->send(health);
  });
  health_timer_ = loop_.after(health_interval_, [this] { report_health(); });
}

void Uplink::transmit(net::Frames frames) {
  if (session_.phase == Phase::kGreeting) {
    if (kept_.size() < kMaxKept) kept_.push_back(std::move(frames));
    return;
  }
  if (!open()) return;
  switch (dealer_.send(std::move(frames))) {
    case net::Sent::kYes:
      return;
    case net::Sent::kFull:
      return drop("the line to the coordinator is full");
    case net::Sent::kGone:
      return carry_out(lost(session_, loop_.clock().now(), random_), "the connection is gone");
  }
}

void Uplink::drop(std::string_view why) {
  ++dropped_;
  // The 1st, 2nd, 4th, 8th …: whoever sends rubbish does not fill the disk.
  if (std::has_single_bit(dropped_)) spdlog::warn("uplink: message dropped ({} so far): {}", dropped_, why);
}

}  // namespace fieldline::uplink
