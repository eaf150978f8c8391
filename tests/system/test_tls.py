"""REST over TLS, as curl and OpenSSL see it."""

import json
import socket
import ssl
import subprocess

import pytest
from harness.daemons import BIN, QUICK, Coordinator, show_logs
from harness.rest import Rest, wait_for
from harness.secrets import plant

NAME = "coordinator.test"
PASSWORD = plant("correct horse battery staple")


def make_certificate(folder, name="tls"):
    """A key of mode 0600 and a certificate that it signed itself."""
    key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "2", "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", key, "-out",
                    certificate], check=True, capture_output=True)
    key.chmod(0o600)
    for line in key.read_text().splitlines()[1:3]:
        plant(line)
    return key, certificate


class TlsCoordinator(Coordinator):
    def ready(self):
        self.check()
        with socket.create_connection(("127.0.0.1", self.http_port), timeout=5):
            return True


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = make_certificate(folder)
    settings = dict(QUICK, **{"http.tls.key": key, "http.tls.certificate": certificate, "log.level": "debug"})
    daemon = TlsCoordinator(folder / "coordinator", settings).start()
    daemon.certificate = certificate
    yield daemon
    show_logs([daemon])
    assert daemon.stop() == 0


def curl(place, method, path, *words, body=None):
    """Status, headers in lower case, body."""
    url = f"https://{NAME}:{place.http_port}{path}"
    text = subprocess.run(
        ["curl", "-sS", "-i", "--cacert", place.certificate, "--resolve", f"{NAME}:{place.http_port}:127.0.0.1", "-X",
         method, *words, *(["--data-binary", "@-", "-H", "Content-Type: application/json"] if body else []), url],
        input=body.encode() if body else None, capture_output=True, check=True, timeout=60).stdout.decode()
    while text.startswith("HTTP/1.1 100"):
        text = text.partition("\r\n\r\n")[2]
    head, _, rest = text.partition("\r\n\r\n")
    first, *fields = head.split("\r\n")
    return int(first.split()[1]), {name.lower(): value for name, value in (field.split(": ", 1) for field in fields)}, rest


def bearer(place):
    return "-H", f"Authorization: Bearer {place.token_path.read_text().strip()}"


def test_requests_are_answered_and_told_to_stay_with_tls(place):
    status, headers, _ = curl(place, "GET", "/healthz")
    assert status == 200
    assert "max-age=" in headers["strict-transport-security"]
    assert curl(place, "GET", "/api/v1/sites")[0] == 401
    status, _, body = curl(place, "GET", "/api/v1/sites", *bearer(place))
    assert status == 200 and json.loads(body)["sites"] == []


def test_large_bodies_and_their_limits_are_as_without_tls(place):
    large = json.dumps([{"kind": "Site", "name": f"s{i}", "spec": {"nodes": ["a"]}} for i in range(20_000)])
    status, _, body = curl(place, "POST", "/api/v1/apply", *bearer(place), body=large)
    assert status == 200, body[:1000]
    status, _, body = curl(place, "GET", "/api/v1/export?format=json", *bearer(place))
    assert len(json.loads(body)) == 20_000
    status, _, body = curl(place, "PUT", "/api/v1/sites/x", *bearer(place), body="x" * (2 << 20))
    assert status == 413


def test_the_cookie_of_a_session_is_for_tls_only(place):
    user = json.dumps({"grants": [{"role": "viewer"}], "password": PASSWORD})
    assert curl(place, "PUT", "/api/v1/users/ann", *bearer(place), body=user)[0] == 201
    status, headers, body = curl(place, "POST", "/api/v1/login", body=json.dumps({"name": "ann", "password": PASSWORD}))
    assert status == 200
    cookie, *attributes = headers["set-cookie"].split("; ")
    assert set(attributes) == {"Path=/", "HttpOnly", "SameSite=Strict", "Secure"}
    assert curl(place, "GET", "/api/v1/sites", "-b", cookie)[0] == 200
    token = json.loads(curl(place, "POST", "/api/v1/tokens", *bearer(place),
                            body=json.dumps({"name": "laptop", "user": "ann"}))[2])["secret"]
    assert curl(place, "GET", "/api/v1/sites", "-H", f"Authorization: Bearer {token}")[0] == 200
    for secret in (cookie.partition("=")[2], json.loads(body)["csrf_token"], token):
        plant(secret)


def test_a_stream_flows_through_tls(place):
    context = ssl.create_default_context(cafile=place.certificate)
    with socket.create_connection(("127.0.0.1", place.http_port), timeout=10) as line:
        with context.wrap_socket(line, server_hostname=NAME) as stream:
            assert stream.version() == "TLSv1.3"
            token = place.token_path.read_text().strip()
            stream.sendall(f"GET /api/v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
            got = b""
            while got.count(b":\n\n") < 2:
                got += stream.recv(4096)
            assert b"retry: " in got


@pytest.mark.parametrize("low, high, spoken", [("TLSv1", "TLSv1_1", False), ("TLSv1_2", "TLSv1_2", True)])
def test_old_versions_are_not_spoken(place, low, high, spoken):
    context = ssl.create_default_context(cafile=place.certificate)
    context.minimum_version = ssl.TLSVersion[low]
    context.maximum_version = ssl.TLSVersion[high]
    context.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", place.http_port), timeout=10) as line:
        if not spoken:
            with pytest.raises(ssl.SSLError):
                context.wrap_socket(line, server_hostname=NAME)
            return
        with context.wrap_socket(line, server_hostname=NAME) as secured:
            name, _, _ = secured.cipher()
            assert name.startswith("ECDHE") and ("GCM" in name or "CHACHA20" in name)


def test_strangers_who_speak_no_tls_are_left(place):
    for bytes_ in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"\0" * 1000, b""):
        with socket.create_connection(("127.0.0.1", place.http_port), timeout=10) as line:
            line.sendall(bytes_)
    assert curl(place, "GET", "/readyz")[0] == 200


def refusal(tmp_path, *flags):
    ran = subprocess.run([BIN / "fieldline-coordinator", f"--state={tmp_path}/state", "--listen.nodes=127.0.0.1:0", *flags],
                         capture_output=True, timeout=60, text=True)
    assert ran.returncode != 0
    return ran.stdout + ran.stderr


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_key_that_others_could_have_read_is_refused(tmp_path, mode):
    key, certificate = make_certificate(tmp_path)
    key.chmod(mode)
    said = refusal(tmp_path, "--listen.http=127.0.0.1:0", f"--http.tls.key={key}", f"--http.tls.certificate={certificate}")
    assert str(key) in said and "0600" in said
    key.chmod(0o600)


def test_files_that_do_not_serve_are_refused(tmp_path):
    key, certificate = make_certificate(tmp_path)
    other, _ = make_certificate(tmp_path, "other")
    listen = "--listen.http=127.0.0.1:0"
    assert str(other) in refusal(tmp_path, listen, f"--http.tls.key={other}", f"--http.tls.certificate={certificate}")
    assert "none" in refusal(tmp_path, listen, f"--http.tls.key={key}", f"--http.tls.certificate={tmp_path}/none")
    assert "http.tls.key" in refusal(tmp_path, listen, f"--http.tls.certificate={certificate}")


def test_rest_is_not_served_to_others_without_tls_unless_it_is_meant(tmp_path):
    assert "http.plaintext" in refusal(tmp_path, "--listen.http=0.0.0.0:0")
    daemon = Coordinator(tmp_path / "meant", {"http.plaintext": "true"})
    daemon.launch(BIN / "fieldline-coordinator", f"--state={daemon.state}", "--listen.nodes=127.0.0.1:0",
                  "--listen.http=0.0.0.0:0", "--http.plaintext=true")
    try:
        daemon.http_port = int(daemon.wait_for_file("http.port"))
        wait_for("it answers", lambda: Rest(daemon.url).request("GET", "/readyz").status == 200)
    finally:
        assert daemon.stop() == 0
