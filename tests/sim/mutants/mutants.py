#!/usr/bin/env python3
"""Takes one rule of the site pair out of copies of the sources: mutants.py NAME ROOT OUT writes them to OUT.

The test of each mutant demands that some seed then shows two active nodes, or an epoch used twice; of a rule of
replication, that a message or a state is lost, that one ends twice, or that the nodes do not come in line. A text that
is not there exactly once fails the build: whoever changes a rule's line says here what is the rule now. `mutants.py
--files SUITE` prints the names of a suite, each with the files that it changes, for CMake.
"""

import pathlib
import sys

VOTER = "common/lease/voter.cpp"
BOOTH = "common/lease/booth.cpp"
TURN = "agent/pair/turn.cpp"
ELECTION = "agent/pair/election.cpp"
ROLE = "agent/pair/role.cpp"
WORLD = "tests/sim/pair_world.cpp"
FEED = "agent/replica/feed.cpp"
FOLLOWER = "agent/replica/follower.cpp"
FOLLOW_ROWS = "agent/journal/follow_rows.cpp"
SETTLED_ROWS = "agent/journal/settled_rows.cpp"

# name: (rule of docs/pair.md, [(file, text, what takes its place)])
MUTANTS = {
    "own-vote-twice": (1, [
        (ELECTION, " && lease::is_free(state_.voter, now_)", ""),
        (ELECTION, "  if (!lease::is_free(state_.voter, now_)) return;\n", ""),
        (ELECTION, "  const auto* keep = std::get_if<lease::Keep>(&decision);\n  if (keep == nullptr) return;\n",
         "  static_cast<void>(decision);\n  const lease::Keep kept{{epoch, settings_.node, settings_.timers.lease}};\n"
         "  state_.voter.waiting = lease::Voter::Waiting{{settings_.node, request}, now_};\n"
         "  const auto* keep = &kept;\n"),
    ]),
    "silence-promotes": (1, [
        (TURN, 'abandon("no majority");', "become_active(true);"),
    ]),
    "lease-not-looked-at": (1, [
        (ROLE, "return state.unleased || now < state.lease_until;", "return now >= Instant::min();"),
    ]),
    "serves-two": (2, [
        (VOTER, "now < voter.serves_until)\n      return refuse", "false)\n      return refuse"),
    ]),
    "answers-before-disk-at-node": (2, [
        (TURN, "return act(KeepVote{keep->vote});\n  if (const auto* grant",
         "{\n    act(KeepVote{keep->vote});\n"
         "    return to_peer(std::get<VoteGrant>(lease::settle(state_.voter, true)));\n  }\n  if (const auto* grant"),
    ]),
    "answers-before-disk-at-central": (2, [
        (BOOTH, "return votes_.keep(keep->vote, std::move(done));",
         "{\n    votes_.keep(keep->vote, [](const Result<>&) {});\n    done({});\n    return;\n  }"),
    ]),
    "no-boot-hold": (3, [
        (VOTER, "now + counted(std::max(lease, kept.lease))", "now + 0 * lease"),
    ]),
    "lease-from-receipt": (4, [
        (ELECTION, "asked.sent + lease::held(settings_.timers.lease)", "now_ + lease::held(settings_.timers.lease)"),
    ]),
    "no-margin": (4, [
        (ELECTION, "asked.sent + lease::held(settings_.timers.lease)", "asked.sent + settings_.timers.lease"),
        (VOTER, "came + counted(voter.kept.lease)", "came + voter.kept.lease"),
    ]),
    "wall-time": (4, [
        (WORLD, "return Instant(shown_ + Duration(static_cast<std::int64_t>(passed * rate_)));",
         "static_cast<void>(passed);\n  return Instant(utc().time_since_epoch());"),
        (WORLD, "return zero_ + Duration(static_cast<std::int64_t>(ahead / rate_) + 1);",
         "static_cast<void>(ahead);\n"
         "  return local.time_since_epoch() - utc().time_since_epoch() + world_.now_ + Duration(1);"),
    ]),
    "time-stands-still-in-a-pause": (4, [
        (WORLD, "  until = now_ + span;\n",
         "  until = now_ + span;\n"
         "  auto& clock = place == kC ? centrals_[leading_]->clock : nodes_[place]->clock;\n"
         "  clock.reboot(clock.now().time_since_epoch() - span);\n"),
    ]),
    "votes-while-active": (5, [
        (TURN, "if (state_.phase == NodePhase::kCandidate || serving()) {", "if (false) {"),
    ]),
    "probe-taken-for-a-vote": (6, [
        (TURN, " && asked.probe == grant.probe", ""),
    ]),
    "epoch-voted-twice": (6, [
        (VOTER, "    if (request.epoch <= voter.kept.epoch) return refuse(voter, request, VoteReason::kOldEpoch);\n", ""),
    ]),
    "active-goes-on": (7, [
        (TURN, 'if (serving() && !state_.unleased && now_ >= state_.lease_until) fence("its lease is over");', ""),
        (ROLE, "return state.unleased || now < state.lease_until;", "return now >= Instant::min();"),
    ]),
    "deposed-central-votes": (10, [
        (BOOTH, "  if (const auto* refusal = std::get_if<VoteRefusal>(&decision)) return reply(*refusal);\n",
         "  if (const auto* refusal = std::get_if<VoteRefusal>(&decision)) return reply(*refusal);\n"
         "  if (std::holds_alternative<Confirm>(decision)) return settled({}, reply);\n"),
    ]),
}

# The same of docs/pair.md, "What the standby has".
REPLICATION = {
    "gap-ignored": ("the stream", [
        (FOLLOWER, "  if (portion.from > end) {\n    forget_live();\n"
                   "    if (state_.mode == Mode::kFollowing) begin_resync(false);\n  }\n", ""),
        (FOLLOWER, "state_.live.front().from <= state_.cursor;", "state_.live.front().from <= state_.source.place;"),
    ]),
    "beacon-ignored": ("the stream", [
        (FOLLOWER, "  if (state_.mode == Mode::kFollowing && portion.from > end) begin_resync(false);\n",
         "  static_cast<void>(end);\n"),
    ]),
    "missing-page-ignored": ("what is missing", [
        (FOLLOWER, "  if (portion.from > resync.expected) return begin_resync(false);\n", ""),
    ]),
    "snapshot-sweeps-all": ("what only the old active node has", [
        (FOLLOW_ROWS, "if (shelf == 0 || is_shared(sql, place)) shelving.remove", "shelving.remove"),
    ]),
    "nothing-offered": ("what only the old active node has", [
        (FOLLOWER, "  state_.offering.due = true;\n", ""),
    ]),
    "offer-answered-unread": ("what only the old active node has", [
        (FEED, "  const auto count = records->size();\n",
         "  const auto count = records->size();\n"
         "  with_.to_peer(wire::seal(TailFates{std::vector<MessageFate>(count, MessageFate::kLive), offer.number}, epoch()));\n"
         "  if (count > 0) return;\n"),
    ]),
    "old-states-stay": ("retained values and alarm states of the active node win", [
        (FOLLOW_ROWS, '    Statement(sql, "DELETE FROM kept WHERE place <= ?").bind(*peer.swept).run();\n', ""),
        (FOLLOW_ROWS, "if (shelf == 0 || is_shared(sql, place)) shelving", "if (shelf != 0 && is_shared(sql, place)) shelving"),
    ]),
    "new-file-under-the-old-name": ("a new file has another name", [
        (SETTLED_ROWS, 'VALUES (1, 1, 0, ?)").text(journal)', 'VALUES (1, 1, 0, ?)").text(self.node)'),
    ]),
    "sent-taken-for-kept": ("the stream", [
        (FEED, "with_.journal.acked(ack.journal, ack.place, ack.level);",
         "with_.journal.acked(ack.journal, *published_, ack.level);"),
    ]),
}

SUITES = {"pair": MUTANTS, "replication": REPLICATION}
ALL = MUTANTS | REPLICATION


def files(name):
    return sorted({file for file, _, _ in ALL[name][1]})


def write(name, root, out):
    for file in files(name):
        text = (root / file).read_text()
        for where, old, new in ALL[name][1]:
            if where != file:
                continue
            if text.count(old) != 1:
                sys.exit(f"mutants.py: {name}: {file} has {text.count(old)} times: {old}")
            text = text.replace(old, new)
        target = out / pathlib.Path(file).name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


if __name__ == "__main__":
    if sys.argv[1] == "--files":
        print(";".join(":".join([name, *files(name)]) for name in SUITES[sys.argv[2]]), end="")
    else:
        write(sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))
