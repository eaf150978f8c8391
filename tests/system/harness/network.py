"""Machines on one switch, each a network namespace of its own, whose packets a test drops one way or both."""

import ctypes
import functools
import os
import pathlib
import subprocess

from .daemons import LIBC, die_with_parent

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000

HOST = "10.77.0.1"  # this process


@functools.cache
def leave_the_host():
    """This process, and whom it starts from now on, has a network and mounts of its own. Before any thread."""
    user, group = os.getuid(), os.getgid()
    flags = CLONE_NEWNET | CLONE_NEWNS | (CLONE_NEWUSER if user else 0)
    if LIBC.unshare(flags):
        raise OSError(ctypes.get_errno(), "no namespaces of our own: unshare failed")
    if user:
        own = pathlib.Path("/proc/self")
        (own / "setgroups").write_text("deny")
        (own / "uid_map").write_text(f"0 {user} 1")
        (own / "gid_map").write_text(f"0 {group} 1")
    run("mount", "--make-rprivate", "/")
    run("ip", "link", "set", "lo", "up")


def run(*command, text=None):
    ended = subprocess.run([str(word) for word in command], input=text, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{' '.join(map(str, command))}: {ended.stderr}"


class Machine:
    """One namespace, which lives as long as this object. `enter` goes before a command that runs there."""

    def __init__(self, name, number):
        self.name = name
        self.address = f"10.77.0.{number}"
        self.cable = f"to-{name}"
        self.holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo; exec cat"], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, preexec_fn=die_with_parent)
        self.holder.stdout.readline()
        self.enter = ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net"]
        run("ip", "link", "add", self.cable, "type", "veth", "peer", "name", "eth0", "netns", self.holder.pid)
        run("ip", "link", "set", self.cable, "master", "switch", "up")
        for command in (f"address add {self.address}/24 dev eth0", "link set eth0 up", "link set lo up"):
            run(*self.enter, "ip", *command.split())

    def unplug(self):
        run("ip", "link", "set", self.cable, "down")

    def plug(self):
        run("ip", "link", "set", self.cable, "up")


class Network:
    """The switch; this process is plugged into it too, and no rule parts it from anybody."""

    def __init__(self, *names):
        leave_the_host()
        for command in ("link add switch type bridge", "link set switch up", f"address add {HOST}/24 dev switch"):
            run("ip", *command.split())
        self.machines = {name: Machine(name, number) for number, name in enumerate(names, 2)}
        self.heal()

    def __getitem__(self, name):
        return self.machines[name]

    def drop(self, source, sink):
        """Packets from one to the other, until healed."""
        run("nft", "add", "rule", "bridge", "cuts", "forward", "iifname", self[source].cable, "oifname",
            self[sink].cable, "drop")

    def part(self, one, other):
        self.drop(one, other)
        self.drop(other, one)

    def heal(self):
        run("nft", "-f", "-", text="add table bridge cuts\ndelete table bridge cuts\ntable bridge cuts {\n"
            "chain forward { type filter hook forward priority 0; policy accept; }\n}\n")
        for machine in self.machines.values():
            machine.plug()
