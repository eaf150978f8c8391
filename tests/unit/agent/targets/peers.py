"""Servers that the tests of agent/targets speak to: HTTP with and without TLS, good and hostile; mail.

Prints one line of JSON with their ports and files, and ends with its standard input."""

import asyncio
import json
import logging
import socket
import ssl
import struct
import subprocess
import sys

from aiosmtpd.smtp import SMTP, AuthResult

USER, PASSWORD = b"plant", b"s3cret-pass"
logging.disable(logging.WARNING)  # aiosmtpd warns of its own use of what it will drop
seen = {"requests": [], "mails": [], "unencrypted": []}


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, capture_output=True)


def make_certificates(folder):
    key = ["-newkey", "rsa:2048", "-nodes", "-days", "2"]
    openssl("req", "-x509", *key, "-keyout", f"{folder}/ca.key", "-out", f"{folder}/ca.pem", "-subj", "/CN=test CA")
    for name, hosts in (("good", "DNS:localhost,DNS:mail.localhost"), ("other", "DNS:elsewhere.example")):
        openssl("req", "-x509", *key, "-CA", f"{folder}/ca.pem", "-CAkey", f"{folder}/ca.key",
                "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem", "-subj", f"/CN={name}",
                "-addext", f"subjectAltName={hosts}", "-addext", "basicConstraints=critical,CA:FALSE")


def tls(folder, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/{name}.pem", f"{folder}/{name}.key")
    return context


def answer(status, body=b"", *headers):
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


async def drip(writer, piece, pause):
    while True:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(pause)


async def respond(writer, path, request):
    what = path.split("?")[0].split("/")[1:]
    if what[0] == "status":
        writer.write(answer(int(what[1]), b"", "Location: /echo", "Retry-After: 7"))
    elif what[0] == "seen":
        writer.write(answer(200, json.dumps(seen).encode()))
    elif what[0] == "endless-headers":
        writer.write(b"HTTP/1.1 200 OK\r\n")
        await drip(writer, b"X-More: " + b"x" * 1000 + b"\r\n", 0)
    elif what[0] == "drip":
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        await drip(writer, b"x", 0.05)
    elif what[0] == "slow-status":
        await drip(writer, b"H", 0.05)
    elif what[0] == "huge":
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await drip(writer, b"x" * 65536, 0)
    elif what[0] == "huge-refusal":
        writer.write(b"HTTP/1.1 400 No\r\n\r\n")
        await drip(writer, b"x" * 65536, 0)
    elif what[0] == "garbage":
        writer.write(bytes(range(256)) * 40 + b"\r\n\r\n")
    elif what[0] == "cut-off":
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
    elif what[0] == "silent":
        await asyncio.sleep(3600)
    elif what[0] == "reset":
        writer.write(answer(200, b"and gone"))
        await writer.drain()
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
    elif what[0] != "closed":
        writer.write(answer(200, json.dumps(request).encode(), "Content-Type: application/json", "X-Twice: 1", "x-twice: 2"))


async def serve(reader, writer):
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin1")
        first, *lines = head.split("\r\n")[:-2]
        method, path, _ = first.split(" ")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines if ": " in line)}
        if path == "/hang-up":
            writer.transport.abort()
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        request = {"method": method, "path": path, "headers": headers, "body": body.decode()}
        if not path.startswith("/seen"):
            seen["requests"].append(request)
        await respond(writer, path, request)
        await writer.drain()
    except (OSError, ssl.SSLError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def serve_database(reader, writer):
    """PostgreSQL without TLS, as far as to hear who is there."""
    first = await reader.readexactly(8)
    if first[4:] == (80877103).to_bytes(4, "big"):  # SSLRequest
        writer.write(b"N")
        first = b""
    seen["unencrypted"].append((first + await reader.read(1024)).decode("latin1"))
    writer.close()


class Mailbox:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return "550 5.1.1 no such user"
        if address.startswith("busy"):
            return "451 4.3.0 try again later"
        if address.startswith("parrot"):
            return f"550 your password is {PASSWORD.decode()}"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        seen["mails"].append({
            "from": envelope.mail_from, "to": envelope.rcpt_tos, "text": envelope.content.decode("latin1"),
            "tls": session.ssl is not None, "login": session.auth_data is not None})
        return "250 2.0.0 queued as 42"


def authenticate(server, session, envelope, mechanism, data):
    if data.login == USER and data.password == PASSWORD:
        return AuthResult(success=True, auth_data=data)
    return AuthResult(success=False, handled=False)


async def mail_server(**options):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Mailbox(), hostname="peers", loop=loop, **options), "127.0.0.1", 0)
    return server.sockets[0].getsockname()[1]


async def main(folder):
    make_certificates(folder)
    ports = {}
    for name, context in (("http", None), ("https", tls(folder, "good")), ("other", tls(folder, "other"))):
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        ports[name] = server.sockets[0].getsockname()[1]
    server = await asyncio.start_server(serve_database, "127.0.0.1", 0)
    ports["plain_database"] = server.sockets[0].getsockname()[1]
    ports["mail"] = await mail_server(tls_context=tls(folder, "good"), require_starttls=True, auth_required=True,
                                      authenticator=authenticate)
    ports["other_mail"] = await mail_server(tls_context=tls(folder, "other"), require_starttls=True)
    ports["plain_mail"] = await mail_server()
    print(json.dumps(ports), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main(sys.argv[1]))
