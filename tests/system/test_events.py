"""The event log of a site as engineers read it: both nodes and central as one, in pages, whoever is away."""

import contextlib
import datetime
import sqlite3
import time

import pytest
from harness.rest import wait_for

SEVERITIES = ("debug", "info", "warning", "error", "critical")
CATEGORIES = ("alarm", "connection", "deployment", "script", "system")
MICROS = 1_000_000
HOUR = 3600 * MICROS
ROWS = {"a": 700, "b": 500}
INSTANCE = "Boiler"  # nothing else tells of it


def stamp(micros):
    at = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=micros)
    return at.isoformat(timespec="microseconds") + "Z"


def add(agent, rows):
    """Events as (time, severity, category, source, message), as if the node had logged them."""
    with contextlib.closing(sqlite3.connect(agent.state / "events.db", timeout=10)) as log, log:
        log.executemany(
            "INSERT INTO events (time, severity, category, instance, source, message, details, node, trace_id) "
            "VALUES (?, ?, ?, ?, ?, ?, '', ?, '')",
            [(at, severity, category, INSTANCE, source, message, agent.node)
             for at, severity, category, source, message in rows])


def history(node, end):
    """One event every 10 s, those of b between those of a; some of one time in both."""
    shift = 0 if node == "a" else 5 * MICROS
    for i in range(ROWS[node]):
        at = end - i * 10 * MICROS - (shift if i % 7 else 0)
        source = "alarms/Level" if i % 10 == 0 else "scripts/Control"
        message = f"100% of {node}{i}" if i % 3 else f"LEVEL_{node}{i} is high"
        yield at, i % 5, i // 5 % 5, source, message


@pytest.fixture(scope="module")
def written(fleet):
    """What the logs of both nodes hold of INSTANCE: (time, severity, category, source, message), newest first."""
    end = int(time.time()) * MICROS - HOUR
    everything = []
    for agent in (fleet.active, fleet.standby):
        rows = list(history(agent.node, end))
        add(agent, rows)
        everything += rows
    return sorted(everything, key=lambda row: row[0], reverse=True)


def page(fleet, query="", cursor=""):
    return fleet.rest.get(f"/sites/north/events?instance={INSTANCE}&{query}{'&cursor=' + cursor if cursor else ''}")


def pages(fleet, query="", between=lambda: None):
    """The events of all pages; `between` is called after each."""
    cursor = ""
    while True:
        answer = page(fleet, query, cursor)
        assert all(mark["asked"] for mark in answer["nodes"]), answer["nodes"]
        yield from answer["events"]
        cursor = answer["next"]
        if not cursor:
            return
        between()


def messages(events):
    return [event["message"] for event in events]


def test_both_logs_are_one_newest_first_and_a_page_has_500(fleet, written):
    first = page(fleet)
    assert len(first["events"]) == 500 and first["next"]
    events = list(pages(fleet))
    assert [event["time"] for event in events] == [stamp(row[0]) for row in written]
    assert sorted(messages(events)) == sorted(row[4] for row in written)
    assert {event["node"] for event in events} == {"a", "b"}
    assert all(event["message"].split()[-1].startswith(event["node"]) for event in events if "100%" in event["message"])


def test_a_page_is_as_long_as_asked_for_and_never_longer_than_500(fleet, written):
    assert len(page(fleet, "limit=7")["events"]) == 7
    for limit in ("0", "501", "-1", "many"):
        assert fleet.rest.request("GET", f"/api/v1/sites/north/events?limit={limit}").status == 400


FILTERS = {
    "severity=error": lambda row: row[1] >= SEVERITIES.index("error"),
    "category=script": lambda row: row[2] == CATEGORIES.index("script"),
    "q=level_": lambda row: "LEVEL_" in row[4],
    "q=ALARMS%2f": lambda row: row[3] == "alarms/Level",
    "q=level": lambda row: "LEVEL" in row[4] or "Level" in row[3],
    "q=0%25": lambda row: "0%" in row[4],
    "q=level&severity=warning&category=alarm": lambda row: (("LEVEL" in row[4] or "Level" in row[3])
                                                            and row[1] >= 2 and row[2] == 0),
}


@pytest.mark.parametrize("query", FILTERS)
def test_a_condition_keeps_what_it_says_of_both_nodes(fleet, written, query):
    wanted = sorted(row[4] for row in written if FILTERS[query](row))
    assert 0 < len(wanted) < len(written)
    assert sorted(messages(pages(fleet, query + "&limit=60"))) == wanted


def test_a_range_of_time_holds_its_begin_and_not_its_end(fleet, written):
    end, begin = written[100][0], written[300][0]
    wanted = sorted(row[4] for row in written if begin <= row[0] < end)
    assert sorted(messages(pages(fleet, f"from={stamp(begin)}&to={stamp(end)}"))) == wanted
    assert page(fleet, f"from={stamp(end)}&to={stamp(end)}")["events"] == []


def test_another_instance_has_none_of_them(fleet, written):
    assert fleet.rest.get("/sites/north/events?instance=Boile")["events"] == []


def test_a_reading_stays_right_while_events_arrive_and_are_purged(fleet, written):
    """b is killed in mid-reading and comes back with a shorter retention, so that it purges as it starts."""
    kept_since = []

    def disturb():
        for agent in (fleet.active, fleet.standby):
            add(agent, [(int(time.time() * MICROS), 1, 4, "test", "100% of arrivals")] * 40)
        if not kept_since:
            fleet.standby.kill()
            fleet.standby.settings["events.retention"] = "2h"
            kept_since.append(int(time.time()) * MICROS - 2 * HOUR)
            fleet.standby.come_back()
            wait_for("b has purged its log", lambda: page(fleet, f"to={stamp(kept_since[0])}&q=b&limit=1")[
                "events"] == [], 20)

    try:
        read = messages(pages(fleet, "limit=90&q=of", disturb))
    finally:
        fleet.standby.settings.pop("events.retention", None)
    assert len(read) == len(set(read))
    assert "100% of arrivals" not in read
    of_a = {row[4] for row in written if " of a" in row[4]}
    of_b = {row[4] for row in written if " of b" in row[4]}
    still_there = of_a | {row[4] for row in written if row[4] in of_b and row[0] >= kept_since[0] + 60 * MICROS}
    assert still_there <= set(read) <= of_a | of_b
    assert of_b - set(read)  # or nothing was purged before it was read


def test_a_node_that_can_not_be_asked_is_marked_on_every_page(fleet, written):
    fleet.standby.kill()
    wait_for("b is offline", lambda: not fleet.standby.central_view["online"], 15)
    try:
        first = page(fleet, "limit=10")
        assert [mark["asked"] for mark in first["nodes"]] == [True, False]
        assert "b" in first["nodes"][1]["reason"]
        assert {event["node"] for event in first["events"]} == {"a"}
    finally:
        fleet.standby.come_back()
    later = page(fleet, "limit=500", first["next"])
    assert [mark["asked"] for mark in later["nodes"]] == [True, False]
    assert {event["node"] for event in later["events"]} == {"a"}
    assert [mark["asked"] for mark in page(fleet, "limit=10")["nodes"]] == [True, True]


def test_what_central_knows_is_told_while_no_node_answers(fleet):
    rest = fleet.rest
    agents = (fleet.active, fleet.standby)
    fleet.standby.kill()
    wait_for("b is offline", lambda: not fleet.standby.central_view["online"], 15)
    assert rest.post("/instances/NorthStation/deploy?wait=30s")["state"] == "success"
    fleet.standby.come_back()

    def told():
        answer = rest.get("/sites/north/events?category=deployment&q=coordinator")
        return [event for event in answer["events"] if event["node"] == ""]

    before = wait_for("central says that the standby missed it", told, 20)
    for agent in agents:
        agent.kill()
    wait_for("both are offline", lambda: not any(agent.central_view["online"] for agent in agents), 15)
    answer = rest.get("/sites/north/events")
    assert answer["events"] == before
    assert [(mark["node"], mark["asked"]) for mark in answer["nodes"]] == [("a", False), ("b", False)]
    for agent in agents:
        agent.come_back()
