"""What must stay where it was written: no file that a test leaves may hold a secret, but the key files themselves."""

import base64
import pathlib
import stat
import subprocess

# Each holds one secret and nothing else.
KEY_FILES = ("admin-token", "audit.key", "curve.key", "secrets.key")
# These hold secrets, or hold them among other things; their owner alone may read them.
HOLDERS = (*KEY_FILES, "demo.env", "other.key", "tls.key")

Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"

SHORTEST = 8  # bytes: less is found by chance

_planted = set()  # all secrets of this run
_watched = set()  # folders beside pytest's
_searched = {}  # {path: (size, time of change, mode, how many secrets)}
_told = set()  # leaks that have failed their test: they are not the fault of the next one


def plant(secret):
    """From now on no file may hold it."""
    assert len(secret) >= SHORTEST
    _planted.add(secret)
    return secret


def watch(folder):
    _watched.add(pathlib.Path(folder))


def forget(folder):
    _watched.discard(pathlib.Path(folder))


def secrets_below(state):
    """Every secret in a key file below `state`, by its value."""
    return {path.read_text().strip() for name in KEY_FILES for path in pathlib.Path(state).rglob(name)}


def assert_no_secret_in(texts, secrets):
    """`texts`: by a name for them."""
    for name, text in texts.items():
        for secret in secrets:
            assert secret not in text, f"{name} holds a secret: {secret[:4]}…"


def assert_nothing_leaked(folder):
    """Searches every file below `folder` and the watched ones for every secret, as it is, in hex and in base64."""
    roots = [pathlib.Path(folder), *_watched]
    for root in roots:
        _planted.update(secret for secret in secrets_below(root) if len(secret) >= SHORTEST)
    wanted = {face: secret for secret in _planted for face in faces(secret)}
    fresh = _fresh_files(roots, len(wanted))
    leaks = []
    for path, face in _found(fresh, wanted):
        if path.name not in HOLDERS:
            leaks.append(f"{path} holds a secret: {wanted[face][:4]}…")
        elif fresh[path][2] & 0o077:
            leaks.append(f"others may read {path}")
    _searched.update(fresh)
    new = [leak for leak in leaks if leak not in _told]
    _told.update(new)
    assert not new, "\n".join(new)


def _fresh_files(roots, secrets):
    """What each file looks like that has changed since it was searched for so many secrets."""
    files = {}
    for root in roots:
        for path in root.rglob("*"):
            try:
                status = path.lstat()
            except FileNotFoundError:
                continue  # a daemon that runs has removed it
            seen = (status.st_size, status.st_mtime_ns, status.st_mode, secrets)
            if stat.S_ISREG(status.st_mode) and _searched.get(path) != seen:
                files[path] = seen
    return files


def _found(files, wanted):
    """(file, face) of those that hold one. grep finds hundreds of texts as fast as one; it can't be given line ends."""
    paths = list(files)
    texts = b"".join(face + b"\n" for face in wanted if b"\n" not in face and b"\0" not in face)
    others = [face for face in wanted if b"\n" in face or b"\0" in face]
    suspects = set(paths) if others else set()
    for at in range(0, len(paths), 500):
        done = subprocess.run(["grep", "-laFZ", "-f", "-", "--", *paths[at:at + 500]], input=texts,
                              capture_output=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"})
        hits = {pathlib.Path(name.decode()) for name in done.stdout.split(b"\0") if name}
        for path in hits:
            yield from _face_in(path, wanted)
        suspects -= hits
    for path in suspects:
        yield from _face_in(path, others)


def _face_in(path, faces_wanted):
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return
    face = next((face for face in faces_wanted if face in content), None)
    if face is not None:
        yield path, face


def faces(secret):
    """The bytes that give it away: as it is written, what that stands for, and both in hex and in base64."""
    found = set()
    for value in {secret.encode(), *_meanings(secret)}:
        found.update((value, value.hex().encode(), value.hex().upper().encode()))
        for shift in range(3):
            # Without the characters that depend on what is before and after it.
            text = base64.b64encode(bytes(shift) + value)
            inner = text[-(-shift * 8 // 6):(shift + len(value)) * 8 // 6]
            found.update((inner, inner.translate(bytes.maketrans(b"+/", b"-_"))))
    return found


def _meanings(secret):
    """The bytes of a key that is written in hex or, as CURVE keys are, in Z85."""
    if len(secret) == 64 and all(letter in "0123456789abcdef" for letter in secret):
        yield bytes.fromhex(secret)
    if len(secret) == 40 and all(letter in Z85 for letter in secret):
        groups = []
        for at in range(0, 40, 5):
            value = 0
            for letter in secret[at:at + 5]:
                value = value * 85 + Z85.index(letter)
            groups.append((value & 0xffffffff).to_bytes(4, "big"))
        yield b"".join(groups)
