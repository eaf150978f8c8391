#!/usr/bin/env python3
"""Holds every #include of the rooms against the two tables in docs/architecture.md.

The first table says which rooms a room may include, the second which rooms may include a third-party
library. Prints each include that is not drawn, each circle and each room without a row; exits 1 if any.
"""

import pathlib
import re
import sys

SIDES = ("common", "coordinator", "agent")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def table(text, name):
    """The rows of the table between <!-- name --> and <!-- /name -->, as lists of cells."""
    body = text.split(f"<!-- {name} -->")[1].split(f"<!-- /{name} -->")[0]
    rows = [line.strip().strip("|").split("|") for line in body.strip().splitlines()]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def names(cell):
    return [word for word in re.split(r"[,\s]+", cell.replace("`", "")) if word]


def room_arrows(rows, rooms):
    """room -> rooms it may include. A bare name means the room's own side, else common."""
    arrows = {}
    for room, _, allowed in rows:
        room = room.strip("`")
        side = room.split("/")[0]
        arrows[room] = set()
        if allowed.startswith("all of"):
            arrows[room] = {r for r in rooms if r.split("/")[0] in (side, "common")} - {room}
            continue
        for name in names(allowed):
            own, shared = f"{side}/{name}", f"common/{name}"
            arrows[room].add(own if own in rooms else shared)
    return arrows


def circle(arrows):
    """A list of rooms that include each other in a ring, or None."""
    done, path = set(), []

    def visit(room):
        if room in path:
            return path[path.index(room):] + [room]
        if room in done:
            return None
        path.append(room)
        for other in sorted(arrows.get(room, ())):
            if found := visit(other):
                return found
        path.pop()
        done.add(room)
        return None

    for room in sorted(arrows):
        if found := visit(room):
            return found
    return None


def room_of(path):
    parts = path.split("/")
    return parts[0] if len(parts) == 2 else "/".join(parts[:2])


def library_allowed(libraries, room, target):
    """Is there a row that lists the header and the room? The standard library's have no dot."""
    for headers, where in libraries:
        if any(target == header or (header.endswith("/") and target.startswith(header)) for header in headers):
            return any(room == place or room.startswith(place + "/") for place in where)
    return False


def main(root):
    text = (root / "docs/architecture.md").read_text()
    rows = table(text, "rooms")
    rooms = {row[0].strip("`") for row in rows}
    arrows = room_arrows(rows, rooms)
    libraries = [(names(headers), names(where)) for _, headers, where in table(text, "libraries")]
    faults = []

    if ring := circle(arrows):
        faults.append("docs/architecture.md draws a circle: " + " -> ".join(ring))

    for side in SIDES:
        for file in sorted((root / side).rglob("*.[ch]pp")):
            path = file.relative_to(root).as_posix()
            room = room_of(path)
            if room not in rooms:
                faults.append(f"{path}: the room {room} has no row in docs/architecture.md")
                continue
            for number, line in enumerate(file.read_text().splitlines(), 1):
                if not (match := INCLUDE.match(line)):
                    continue
                target = match[2]
                if match[1] == '"':
                    other = room_of(target)
                    if target.split("/")[0] not in SIDES:
                        faults.append(f"{path}:{number}: \"{target}\" is not a path from the root")
                    elif other != room and other not in arrows[room]:
                        faults.append(f"{path}:{number}: {room} may not include {other}")
                    continue
                if "." in target and not library_allowed(libraries, room, target):
                    faults.append(f"{path}:{number}: {room} may not include <{target}>")

    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
