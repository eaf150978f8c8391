"""What must stay where it was written: the token and the secret keys."""

import pathlib

SECRET_FILES = ("admin-token", "audit.key", "curve.key", "secrets.key")


def secrets_below(state):
    """Every secret below `state`, by its value."""
    return {path.read_text().strip() for name in SECRET_FILES for path in pathlib.Path(state).rglob(name)}


def assert_no_secret_in(texts, secrets):
    """`texts`: by a name for them."""
    for name, text in texts.items():
        for secret in secrets:
            assert secret not in text, f"{name} holds a secret: {secret[:4]}…"


def assert_logs_keep_secrets(state):
    logs = {str(path): path.read_text(errors="replace") for path in pathlib.Path(state).rglob("log")}
    assert_no_secret_in(logs, secrets_below(state))
