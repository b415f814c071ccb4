"""Hostile requests against a served page: paths out of it, redirects, and other sites' requests."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType

from faults.outcome import Tried
from faults.serving import Server, component_call, serving

_SECRET = "the-secret-that-no-page-may-show"
_FOREIGN = "http://evil.example"
_TRAVERSALS = (
    "/gradio_api/file={secret}",
    "/gradio_api/file=/etc/passwd",
    "/gradio_api/file=../../../../../../etc/passwd",
    "/gradio_api/file=..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/gradio_api/file=%252e%252e%252f%252e%252e%252fetc%252fpasswd",
    "/gradio_api/file=....//....//....//etc/passwd",
    "/gradio_api/file=..%c0%af..%c0%afetc/passwd",
    "/gradio_api/file=/etc/passwd%00.png",
    "/gradio_api/file=file:///etc/passwd",
    "/gradio_api/file=\\\\evil.example\\share",
    "/gradio_api/file/{secret}",
    "/gradio_api/stream/../../{secret}",
    "/file={secret}",
    "/file/../../../../etc/passwd",
    "/static/..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/static/../../../../../../etc/passwd",
    "/assets/..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/assets/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/svelte/..%2f..%2f..%2fetc%2fpasswd",
    "/custom_component/x/client/component/../../../../etc/passwd",
    "/theme.css/../../../../etc/passwd",
    "/..%5c..%5c..%5cetc%5cpasswd",
)
_REDIRECTS = (
    "//evil.example",
    "//evil.example/%2f..",
    "/\\evil.example",
    "/%5cevil.example",
    "/?next=http://evil.example",
    "/login?redirect=http://evil.example",
    "/gradio_api/proxy=http://evil.example/",
    "/gradio_api/file=http://evil.example/x",
    "/gradio_api/file=https:%2f%2fevil.example%2fx",
)
_TYPES = ("application/json", "text/plain", "application/x-www-form-urlencoded")


@dataclass(frozen=True)
class _Request:
    path: str
    method: str = "GET"
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Reply:
    status: int
    headers: dict[str, str]
    body: bytes


def hostile_requests(subject: ModuleType, count: int) -> Tried:
    """Traversals, redirects, and calls that change something, sent by a foreign page."""
    failures = []
    with serving(subject.COMMAND) as server:
        (server.home / "secret.txt").write_text(_SECRET)
        before = subject.state(server)
        _send(server, _call_of_the_page(subject, server))
        if subject.state(server) == before:
            raise RuntimeError("the page itself changes nothing by this call: nothing is tested")
        before = subject.state(server)
        for number, request in zip(range(count), _requests(subject, server), strict=True):
            told = _problem(_send(server, request))
            if not told and subject.state(server) != before:
                told, before = "it changed the state", subject.state(server)
            if told:
                shown = f"{request.method} {request.path} {request.headers}"
                failures.append(f"{number}: {shown[:120]}: {told}")
    result = "no file leaked, no redirect elsewhere, no state changed by another site"
    return Tried(count, tuple(failures), result)


def _requests(subject: ModuleType, server: Server) -> Iterator[_Request]:
    secret = str(server.home / "secret.txt")
    for path in _TRAVERSALS:
        yield _Request(path.replace("{secret}", secret))
    for path in _REDIRECTS:
        yield _Request(path)
    call = _changing_call(subject, server)
    for kind in _TYPES:
        for origin in (_FOREIGN, "null", f"http://127.0.0.1.evil.example:{server.port}"):
            headers = {"Origin": origin, "Content-Type": kind, "Sec-Fetch-Site": "cross-site"}
            yield _Request("/gradio_api/component_server", "POST", call, headers)
    rebound = {"Host": "evil.example", "Origin": _FOREIGN, "Content-Type": "application/json"}
    yield _Request("/gradio_api/component_server", "POST", call, rebound)


def _call_of_the_page(subject: ModuleType, server: Server) -> _Request:
    headers = {"Origin": server.url, "Content-Type": "application/json"}
    call = _changing_call(subject, server)
    return _Request("/gradio_api/component_server", "POST", call, headers)


def _changing_call(subject: ModuleType, server: Server) -> bytes:
    name, data = subject.CHANGING_CALL
    return component_call(server, server.functions()[name], name, data)


def _send(server: Server, request: _Request) -> _Reply:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    try:
        connection.putrequest(request.method, request.path, skip_host="Host" in request.headers)
        for name, value in request.headers.items():
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body or None)
        reply = connection.getresponse()
        return _Reply(reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read())
    finally:
        connection.close()


def _problem(reply: _Reply) -> str:
    if _SECRET.encode() in reply.body or b"root:x:0:0" in reply.body:
        return "it leaked a file"
    if "evil.example" in reply.headers.get("location", ""):
        return f"it redirects to {reply.headers['location']}"
    readable = reply.headers.get("access-control-allow-origin") in ("*", "null", _FOREIGN)
    if readable and reply.status < 400:
        return "its reply may be read by the other site"
    return "" if reply.status < 500 else f"status {reply.status}"


def state_of(server: Server, name: str, data: object) -> object:
    """What a server function answers, as JSON."""
    body = component_call(server, server.functions()[name], name, data)
    headers = {"Content-Type": "application/json"}
    return json.loads(
        _send(server, _Request("/gradio_api/component_server", "POST", body, headers)).body
    )
