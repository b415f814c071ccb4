"""Whose requests the two pages take."""

from importlib import import_module

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

HERE = "127.0.0.1:7860"


@pytest.fixture(params=["rq_vae_explorer", "distill"])
def status(request):
    """The status of a request with some headers to a page of each app; 200 where it got through."""
    guard = import_module(f"{request.param}.ui.origin_guard")

    async def reply(_request):
        return PlainTextResponse("here")

    def ask(method="POST", only_here=True, **headers):
        routes = [Route("/", reply, methods=["GET", "POST"])]
        app = Starlette(routes=routes, middleware=guard.own_requests_only(only_here))
        return TestClient(app).request(method, "/", headers=headers).status_code

    return ask


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]"])
def test_the_page_itself_may(status, name):
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
def test_another_site_may_not(status, origin, only_here):
    assert status(host=HERE, origin=origin, only_here=only_here) == 403


def test_another_site_may_link_to_the_page(status):
    assert status("GET", host=HERE, origin="http://evil.example") == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:7860", "", "[", "127.0.0.1.evil"])
def test_a_name_that_was_made_to_point_here_is_refused(status, host):
    assert status("GET", host=host) == 400


def test_a_server_for_others_may_have_any_name(status):
    host = "lab.example"
    assert status(host=host, origin=f"https://{host}", only_here=False) == 200
