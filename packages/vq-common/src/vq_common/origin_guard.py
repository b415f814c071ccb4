"""Refuses what other web sites ask of a page that is served on this machine.

A browser lets any site send simple requests to 127.0.0.1 and hides only the replies, so a page
whose requests change something must look at where they come from. Plain ASGI: no framework.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})


class OriginGuard:
    """ASGI middleware that answers 403 where a request is not the page's own.

    Args:
        app: what is guarded.
        only_here: the server is bound to this machine alone; a request for a host of another
            name is then a site that made its name point here (DNS rebinding).
    """

    def __init__(self, app: App, only_here: bool) -> None:
        self._app, self._only_here = app, only_here

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http" and self._foreign(scope):
            head = {"type": "http.response.start", "status": 403}
            kind = [(b"content-type", b"text/plain; charset=utf-8")]
            await send({**head, "headers": kind})
            told = b"this page takes requests from itself only"
            await send({"type": "http.response.body", "body": told})
            return
        await self._app(scope, receive, send)

    def _foreign(self, scope: Scope) -> bool:
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        host = headers.get("host", "")
        if self._only_here and _name(f"//{host}") not in _HERE:
            return True
        origin = headers.get("origin")
        if origin is None or scope["method"] in _HARMLESS:
            return False
        return _netloc(origin) != host.lower()


def _name(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _netloc(address: str) -> str:
    try:
        return urlsplit(address).netloc.lower()
    except ValueError:
        return ""
