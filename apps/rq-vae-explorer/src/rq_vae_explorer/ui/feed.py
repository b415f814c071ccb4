"""The live feed: answers browsers from bytes that are made once per snapshot, however many look.

trainer.snapshot() -> wire -> **feed** -> `gr.HTML` server functions (public endpoints: every
argument is checked).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Response

from rq_vae_explorer.training.snapshot import Snapshot
from rq_vae_explorer.ui import wire

_PACKERS: dict[str, Callable[[Snapshot], dict[str, Any]]] = {
    "frame": wire.pack_frame,
    "description": wire.pack_description,
    "curves": wire.pack_curves,
    "gallery": wire.pack_gallery,
    "images": wire.pack_images,
}
_UNCHANGED = b'{"unchanged":true}'


@dataclass(frozen=True)
class _Packed:
    key: str
    body: bytes


class Feed:
    """Serves the parts of the newest snapshot of one run."""

    def __init__(self, newest: Callable[[], Snapshot]) -> None:
        self._newest = newest
        self._packed: dict[str, _Packed] = {}
        self._lock = threading.Lock()

    def part(self, name: str, have: str) -> bytes:
        """JSON of a part, or "unchanged" if `have` is the key of the newest one.

        Raises:
            KeyError: for a name that is not a part.
        """
        pack = _PACKERS[name]
        snapshot = self._newest()
        key = wire.part_keys(snapshot)[name]
        if have == key:
            return _UNCHANGED
        with self._lock:
            packed = self._packed.get(name)
            if packed is None or packed.key != key:
                body = json.dumps(pack(snapshot), separators=(",", ":"), allow_nan=False)
                packed = _Packed(key, body.encode())
                self._packed[name] = packed
        return packed.body

    def answer(self, request: object) -> Response:
        """The server function behind `server.fetch_part({part, have})`."""
        if not isinstance(request, dict):
            return _refusal("send {part, have}")
        name, have = request.get("part"), request.get("have", "")
        if not isinstance(name, str) or name not in _PACKERS or not isinstance(have, str):
            return _refusal(f"part is one of {', '.join(_PACKERS)}; have is text")
        return Response(self.part(name, have), media_type="application/json")


def _refusal(reason: str) -> Response:
    return Response(json.dumps({"error": reason}), 400, media_type="application/json")
