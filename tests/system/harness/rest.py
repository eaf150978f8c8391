"""A client of the coordinator's REST API, on the standard library alone."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request

from .secrets import plant


class Refused(Exception):
    """The coordinator answered with a problem document."""

    def __init__(self, status, problem):
        super().__init__(f"{status}: {json.dumps(problem)[:2000]}")
        self.status = status
        self.problem = problem


class Response:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body) if self.body else None

    @property
    def etag(self):
        return self.headers.get("ETag")


def plant_secrets_of(response):
    """A token or a session that this answer makes is a secret from now on."""
    if "Set-Cookie" in response.headers:
        plant(response.headers["Set-Cookie"].partition("=")[2].partition(";")[0])
    if b'"secret"' in response.body or b'"csrf_token"' in response.body:
        for field in {"secret", "csrf_token"} & response.json.keys():
            plant(response.json[field])
    return response


class Rest:
    def __init__(self, url, token=None):
        self.url = url
        self.token = token

    def request(self, method, path, body=None, headers=None, timeout=60):
        """The response, whatever its status. `body`: a dict goes as JSON, a str as YAML."""
        headers = dict(headers or {})
        if self.token and "Authorization" not in headers:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None
        if isinstance(body, (dict, list)):
            data = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        elif isinstance(body, str):
            data = body.encode()
            headers.setdefault("Content-Type", "application/yaml")
        elif body is not None:
            data = body
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return plant_secrets_of(Response(answer.status, answer.headers, answer.read()))
        except urllib.error.HTTPError as refusal:
            return Response(refusal.code, refusal.headers, refusal.read())

    def call(self, method, path, body=None, **options):
        """The JSON of a successful answer; Refused for any other."""
        response = self.request(method, "/api/v1" + path, body, **options)
        if response.status >= 400:
            raise Refused(response.status, response.json)
        return response.json

    def get(self, path, **options):
        return self.call("GET", path, **options)

    def get_all(self, collection, query=""):
        """The items of all pages."""
        items, cursor = [], ""
        while True:
            page = self.get(f"/{collection}?limit=500&{query}" + (f"&cursor={cursor}" if cursor else ""))
            items += page[collection]
            cursor = page["next"]
            if not cursor:
                return items

    def post(self, path, body=None, **options):
        return self.call("POST", path, body, **options)

    def put(self, path, body, **options):
        return self.call("PUT", path, body, **options)


def wait_for(what, condition, limit=30.0, pause=0.05):
    """The first true answer of `condition`, asked until then; fails with `what` after `limit` seconds."""
    deadline = time.monotonic() + limit
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"after {limit} s still not: {what}")
        time.sleep(pause)
