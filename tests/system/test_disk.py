"""A node whose disk is full, or fails: what was accepted arrives all the same, and no script is told otherwise."""

import os
import subprocess

import pytest
from harness.network import leave_the_host, run
from harness.rest import wait_for
from harness.sender import SendingNode

SEND = """
        local ok, id = pcall(external.send, "erp", {path = "/in", body = {reading = string.rep("x", 1000)}})
        external.call("erp", {path = ok and "/told" or "/failed", body = id})"""


class Disk:
    """A file system for the state of one node."""

    def __init__(self, folder):
        self.folder = folder
        self.ballast = folder / "ballast"

    def fill(self):
        with open(self.ballast, "wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(65536))
            except OSError:
                pass

    def empty(self):
        self.ballast.unlink()


@pytest.fixture(scope="module", autouse=True)
def mounts_of_our_own():
    leave_the_host()


@pytest.fixture
def memory(tmp_path):
    folder = tmp_path / "a"
    folder.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=128m,mode=0700", "fieldline-test", folder)
    yield Disk(folder)
    run("umount", "--lazy", folder)


@pytest.fixture
def image(tmp_path):
    """ext4 in a file, which can be made to fail."""
    if os.getuid() != 0 or not os.path.exists("/dev/loop-control"):
        pytest.skip("only root may mount a file system from a file, where the kernel has loop devices")
    folder = tmp_path / "a"
    folder.mkdir()
    file = tmp_path / "image"
    run("truncate", "--size=160M", file)
    run("/sbin/mkfs.ext4", "-q", file)
    run("mount", "-o", "loop", file, folder)
    yield Disk(folder), file
    run("umount", "--lazy", folder)


class Site(SendingNode):
    def __init__(self, folder):
        super().__init__(folder)
        self.agent.log_path = folder / "a.log"

    def start(self):
        return super().start(interval="50ms", source=SEND)

    def wait_refused(self):
        """From now on none is accepted."""
        self.wait_failures()
        before = len(self.receiver.told)
        self.wait_failures()
        assert len(self.receiver.told) == before

    def wait_failures(self):
        before = len(self.receiver.failed)
        wait_for("messages are refused", lambda: len(self.receiver.failed) > before + 10, 60)


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    yield site
    print(site.agent.log()[-3000:])
    site.stop()


def test_a_full_disk_refuses_messages_and_takes_them_again_once_it_is_not_full(memory, site):
    site.start()
    site.receiver.away = True
    site.wait_told()
    memory.fill()
    site.wait_refused()
    site.receiver.away = False
    site.wait_failures()
    memory.empty()
    site.wait_told()
    site.wait_all()
    assert max(site.receiver.delivered.values()) == 1
    assert any("full" in why for why in site.receiver.failed)


def test_a_node_that_is_killed_on_a_full_disk_has_what_it_accepted(memory, site):
    site.start()
    site.receiver.away = True
    site.wait_told()
    memory.fill()
    site.wait_refused()
    site.agent.kill()
    site.agent.start()
    assert site.agent.process.wait(15) == 1
    assert "No space left" in site.agent.log().splitlines()[-1]
    memory.empty()
    site.receiver.away = False
    site.agent.come_back()
    site.wait_told()
    site.wait_all()


def test_a_disk_that_fails_loses_nothing_that_was_accepted(image, site):
    disk, file = image
    site.start()
    site.receiver.away = True
    site.wait_told()
    run("mount", "-o", "remount,abort", disk.folder)
    site.wait_refused()
    assert site.agent.running
    site.agent.kill()
    run("umount", disk.folder)
    subprocess.run(["/sbin/e2fsck", "-p", file], capture_output=True, check=False)
    run("mount", "-o", "loop", file, disk.folder)
    site.receiver.away = False
    site.agent.come_back()
    site.wait_told()
    site.wait_all()


def test_a_node_does_not_start_on_a_disk_that_can_not_be_written_and_says_so(image, site):
    disk, _ = image
    site.start()
    site.agent.stop()
    run("mount", "-o", "remount,ro", disk.folder)
    site.agent.start()
    assert site.agent.process.wait(15) == 1
    last = site.agent.log().splitlines()[-1]
    assert "critical" in last and "read" in last.lower(), last
    run("mount", "-o", "remount,rw", disk.folder)
    site.agent.come_back()
    site.wait_told()
    site.wait_all()
