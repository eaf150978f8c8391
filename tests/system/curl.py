"""The REST API as an engineer with curl has it. Every answer must be one that openapi.json lists."""

import json
import re
import subprocess


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def etag(self):
        return self.headers["etag"]


class Curl:
    def __init__(self, url, token):
        self.url = url
        self.token = token
        self.api = json.loads(self._run("-sS", "-H", f"Authorization: Bearer {token}", f"{url}/openapi.json"))

    @staticmethod
    def _run(*words, body=None):
        return subprocess.run(["curl", *words], input=body, capture_output=True, check=True, timeout=60).stdout.decode()

    def __call__(self, method, path, body=None, *, kind="application/yaml", headers=(), token=True):
        words = ["-sS", "-i", "--no-keepalive", "-X", method]
        if token:
            words += ["-H", f"Authorization: Bearer {self.token}"]
        for header in headers:
            words += ["-H", header]
        if body is not None:
            words += ["-H", f"Content-Type: {kind}", "--data-binary", "@-"]
        text = self._run(*words, self.url + path, body=None if body is None else body.encode())
        head, _, rest = text.partition("\r\n\r\n")
        first, *fields = head.split("\r\n")
        answer = Answer(int(first.split()[1]), {name.lower(): value for name, value in
                                                (field.split(": ", 1) for field in fields)}, rest)
        self._check_listed(method, path, answer.status)
        return answer

    def _check_listed(self, method, path, status):
        path = path.partition("?")[0]
        for pattern, operations in self.api["paths"].items():
            if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", pattern), path) and method.lower() in operations:
                responses = operations[method.lower()]["responses"]
                assert str(status) in responses, f"openapi.json does not list {status} for {method} {pattern}"
                return
        raise AssertionError(f"openapi.json does not list {method} {path}")
