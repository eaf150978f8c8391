"""Follows the coordinator's event stream (Server-Sent Events) in a thread of its own."""

import http.client
import json
import queue
import threading
import urllib.request

SILENCE = 15  # s: the stream says something every 5


class Stream:
    """What happens from now on, in order."""

    def __init__(self, rest, topics):
        request = urllib.request.Request(f"{rest.url}/api/v1/stream?topics={topics}",
                                         headers={"Authorization": f"Bearer {rest.token}"})
        self._answer = urllib.request.urlopen(request, timeout=SILENCE)
        self._events = queue.Queue()
        threading.Thread(target=self._follow, daemon=True).start()

    def next(self, limit):
        """(topic, event), or None after `limit` seconds without one."""
        try:
            return self._events.get(timeout=limit)
        except queue.Empty:
            return None

    def _follow(self):
        topic = None
        try:
            for line in self._answer:
                field, _, value = line.decode().rstrip("\n").partition(": ")
                if field == "event":
                    topic = value
                elif field == "data":
                    self._events.put((topic, json.loads(value)))
        except (OSError, http.client.HTTPException):
            pass  # it ended; who waits for an event notices
