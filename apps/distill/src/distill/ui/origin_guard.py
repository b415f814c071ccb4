"""Refuses what other web sites ask of a page that is served on this machine.

A browser lets any site send simple requests to 127.0.0.1 and hides only the replies, so a page
whose requests change something must look at where they come from.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})


class OriginGuard:
    """ASGI middleware that answers 403 where another site's page sends a request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        answer: ASGIApp = self._app
        if scope["type"] == "http" and scope["method"] not in _HARMLESS:
            headers = Headers(scope=scope)
            origin = headers.get("origin")
            if origin is not None and _netloc(origin) != headers.get("host", "").lower():
                answer = PlainTextResponse("this page takes requests from itself only", 403)
        await answer(scope, receive, send)


def own_requests_only(only_here: bool) -> list[Middleware]:
    """What a page's server is wrapped in.

    - `only_here`: the server is bound to this machine alone; a request for a host of another name
      is then a site that made its name point here (DNS rebinding), and refused with 400.
    """
    hosts = ["127.0.0.1", "localhost", "[::1]"] if only_here else ["*"]
    return [Middleware(TrustedHostMiddleware, allowed_hosts=hosts), Middleware(OriginGuard)]


def _netloc(address: str) -> str:
    try:
        return urlsplit(address).netloc.lower()
    except ValueError:
        return ""
