"""Whose requests a page takes."""

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from rq_vae_explorer.ui.origin_guard import own_requests_only

HERE = "127.0.0.1:7860"


def status(method="POST", only_here=True, **headers):
    """The status of a request with these headers; 200 where it got through."""

    async def reply(request):
        return PlainTextResponse("here")

    routes = [Route("/", reply, methods=["GET", "POST"])]
    app = Starlette(routes=routes, middleware=own_requests_only(only_here))
    return TestClient(app).request(method, "/", headers=headers).status_code


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
@pytest.mark.parametrize("only_here", [True, False])
def test_another_site_may_not(origin, only_here):
    assert status(host=HERE, origin=origin, only_here=only_here) == 403


def test_another_site_may_link_to_the_page():
    assert status("GET", host=HERE, origin="http://evil.example") == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:7860", "", "[", "127.0.0.1.evil"])
def test_a_name_that_was_made_to_point_here_is_refused(host):
    assert status("GET", host=host) == 400


def test_a_server_for_others_may_have_any_name():
    host = "lab.example"
    assert status(host=host, origin=f"https://{host}", only_here=False) == 200
