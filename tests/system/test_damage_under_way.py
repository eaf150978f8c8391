"""A pair whose files are damaged while both nodes run: what is damaged is found, comes from the other node, and never arrives
altered."""

import re

import pytest
from conftest import at_work
from harness.pair import LAG, LIMIT
from harness.receiver import READING, Receiver
from harness.rest import wait_for
from harness.sending_pair import SendingPair

PAGE = 4096
LOG_HEAD = 32  # bytes; of SQLite's file format, section 4
FRAME = 24 + PAGE
RATE = 50  # messages a second
WAITING = 300  # more than a lane has read ahead
UNTOLD = (LAG + 1) * RATE  # that a standby in line may lack: its lag is known a second late
EMPTY = "the node begins with an empty one"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with at_work(SendingPair(tmp_path_factory.mktemp("damage"), Receiver()), interval=f"{1000 // RATE}ms") as site:
        yield site


@pytest.fixture
def backlog(site):
    """Messages wait for the receiver, on both nodes; answers the active one and its standby."""
    active = site.wait_settled()
    [receiver] = site.receivers
    receiver.away = True
    site.wait_sent(WAITING)
    site.wait_in_line()
    yield site.nodes[active], site.nodes[site.other(active)]
    receiver.away = False
    site.start_dead()


def files(agent):
    return [agent.state / "journal.db", agent.state / "journal.db-wal"]


def readings(file):
    """Where messages are in it. In a log only since it last began again: the rest is of no use any more."""
    content = file.read_bytes()
    found = [match.start() for match in re.finditer(re.escape(READING.encode()), content)]
    if not file.name.endswith("-wal"):
        return found
    frames = [at - (at - LOG_HEAD) % FRAME for at in found]
    return [at for at, frame in zip(found, frames) if content[frame + 8:frame + 16] == content[16:24]]


def change_readings(file, every):
    """One bit in the middle of every so manieth message."""
    chosen = readings(file)[::every]
    with open(file, "r+b") as stream:
        for at in chosen:
            stream.seek(at + len(READING) // 2)
            stream.write(b"y")
    return len(chosen)


def empty_pages(file, every):
    """But for the head of a database: it has to be found in use."""
    with open(file, "r+b") as stream:
        for at in range(PAGE, file.stat().st_size - PAGE, every * PAGE):
            stream.seek(at)
            stream.write(bytes(PAGE))


def arrives(site):
    [receiver] = site.receivers
    receiver.away = False
    site.wait_all()


def test_changed_messages_of_the_active_node_come_back_from_its_standby(site, backlog):
    active, _ = backlog
    [receiver] = site.receivers
    streamed = len(receiver.told) - UNTOLD
    assert sum(change_readings(file, 3) for file in files(active)) > WAITING / 10
    # The last may be damaged before they are passed on.
    del receiver.told[streamed:]
    arrives(site)
    assert "damaged messages are back from the other node" in active.log()


def test_a_log_that_was_changed_is_found_at_the_next_start(site, backlog):
    active, standby = backlog
    [receiver] = site.receivers
    log = active.state / "journal.db-wal"

    def stands_still_with_messages_in_it():
        active.pause()
        if len(readings(log)) >= 20:
            return True
        active.resume()
        return False

    wait_for("the log holds messages", stands_still_with_messages_in_it, LIMIT)
    assert change_readings(log, 10)
    streamed = len(receiver.told) - UNTOLD
    active.kill()
    site.wait_active(standby.node)
    # What it accepted last and had not passed on is in the log that it sets aside.
    del receiver.told[streamed:]
    active.come_back()
    assert site.wait_settled() == standby.node
    site.wait_in_line()
    assert "the log of journal.db was damaged" in active.log()
    assert list(active.state.glob("journal.db.damaged-*-wal"))
    arrives(site)


def test_a_standby_with_empty_pages_ends_when_it_meets_them_and_starts_afresh(site, backlog):
    active, standby = backlog
    begun = len(site.events(EMPTY, "store"))
    for file in files(standby):
        empty_pages(file, 2)
    active.kill()
    wait_for("the heir meets them", lambda: not standby.running, LIMIT)
    assert standby.process.returncode == 1
    active.start()
    standby.come_back()
    site.wait_settled()
    site.wait_in_line()
    wait_for("that is an event", lambda: len(site.events(EMPTY, "store")) > begun, LIMIT)
    arrives(site)


def test_an_active_node_with_empty_pages_gives_way(site, backlog):
    active, standby = backlog
    [receiver] = site.receivers
    streamed = len(receiver.told) - UNTOLD
    for file in files(active):
        empty_pages(file, 2)
    receiver.away = False
    wait_for("it meets them", lambda: not active.running, LIMIT)
    assert active.process.returncode == 1
    # What it accepted and could not read again to pass it on is in the file that it sets aside.
    del receiver.told[streamed:]
    site.wait_active(standby.node)
    active.come_back()
    assert site.wait_settled() == standby.node
    site.wait_in_line()
    arrives(site)
