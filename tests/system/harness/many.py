"""Deployments of many instances at once."""

import threading

from .rest import wait_for

CLIENTS = 8


def deploy_all(rest, names, forgive=()):
    """Asks for a deploy of each as fast as `CLIENTS` can; an exception of `forgive` ends its client."""
    def ask(mine):
        try:
            for name in mine:
                rest.post(f"/instances/{name}/deploy")
        except forgive:
            pass

    clients = [threading.Thread(target=ask, args=(names[first::CLIENTS],)) for first in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()


def wait_all_over(rest, limit=120):
    """Waits until no operation at site north is open; answers the end states that there are."""
    def states():
        found = {item["deployment"]["state"] for item in rest.get_all("instances", "site=north") if "deployment" in item}
        return found if found <= {"success", "failed"} else None

    return wait_for("all operations are over", states, limit, pause=0.2)
