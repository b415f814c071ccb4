"""The live feed: answers browsers from bytes that are made once per snapshot, however many look.

trainer.snapshot() -> wire -> **feed** -> endpoints.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rq_vae_explorer.training.snapshot import Snapshot
from rq_vae_explorer.ui import wire

PACKERS: dict[str, Callable[[Snapshot], dict[str, Any]]] = {
    "frame": wire.pack_frame,
    "description": wire.pack_description,
    "curves": wire.pack_curves,
    "pictures": wire.pack_pictures,
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
        pack = PACKERS[name]
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
