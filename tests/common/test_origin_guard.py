"""Whose requests a page takes."""

import asyncio

import pytest

from vq_common.origin_guard import OriginGuard

PAGE = "127.0.0.1:7860"


def status(method="POST", only_here=True, kind="http", **headers):
    """The status of a request with these headers; 200 where it got through."""
    sent = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message):
        sent.append(message)

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "method": method, "headers": raw}
    asyncio.run(OriginGuard(app, only_here)(scope, None, send))
    return sent[0]["status"]


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]"])
def test_the_page_itself_may(name):
    assert status(host=f"{name}:7860", origin=f"http://{name}:7860") == 200
    assert status(host=f"{name}:7860") == 200  # no browser


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "",
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        "http://127.0.0.1:7860.evil.example",
        "http://[",
    ],
)
def test_another_site_may_not(origin):
    assert status(host=PAGE, origin=origin) == 403
    assert status(host=PAGE, origin=origin, only_here=False) == 403


def test_another_site_may_link_to_the_page():
    assert status("GET", host=PAGE, origin="http://evil.example") == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:7860", "", "[", "127.0.0.1.evil"])
def test_a_name_that_was_made_to_point_here_is_refused(host):
    assert status("GET", host=host) == 403


def test_a_server_for_others_may_have_any_name():
    host = "lab.example"
    assert status(host=host, origin=f"https://{host}", only_here=False) == 200


def test_what_is_no_request_passes():
    assert status(kind="lifespan") == 200
