"""What the system tests share: fleets of real daemons, each in a directory of its own."""

import contextlib
import os

import pytest

from harness.daemons import QUICK, Coordinator, Fleet, show_logs
from harness.network import leave_the_host
from harness.secrets import assert_nothing_leaked

# Programs run side by side: each has all ports of loopback for itself. Not for a plain user, who would have to be root of
# a namespace of his own for it, and then could not be postgres: his programs find free ports as a rule.
if os.getuid() == 0:
    with contextlib.suppress(OSError):
        leave_the_host()

@pytest.fixture(scope="session", autouse=True)
def no_secret_is_left(tmp_path_factory):
    """After the last daemon has stopped."""
    yield
    assert_nothing_leaked(tmp_path_factory.getbasetemp())


@pytest.fixture(autouse=True)
def no_secret_leaks(tmp_path_factory):
    """In any file that the test, or its daemons, have written."""
    yield
    assert_nothing_leaked(tmp_path_factory.getbasetemp())


@contextlib.contextmanager
def at_work(site, **options):
    """A site that is started with `options`, and stopped in the end."""
    try:
        yield site.start(**options)
    finally:
        show_logs(site.daemons)
        site.stop()


@contextlib.contextmanager
def fleet_at(state, *plant_flags, settings=None):
    with Fleet(state, settings) as fleet:
        try:
            yield fleet.start(*plant_flags)
        finally:
            show_logs(fleet.daemons)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    """Plant, coordinator and the pair of site north, quick to notice silence."""
    with fleet_at(tmp_path_factory.mktemp("fleet"), settings=QUICK) as running:
        yield running


@pytest.fixture(scope="module")
def coordinator(tmp_path_factory):
    """A coordinator without a site."""
    state = tmp_path_factory.mktemp("coordinator")
    daemon = Coordinator(state, QUICK).start()
    yield daemon
    show_logs([daemon])
    daemon.stop()
