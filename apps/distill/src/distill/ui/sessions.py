"""What each browser has open: clips by session token, bounded in number, memory and time.

A session is named by a random token that the page makes itself; nothing in it is visible to
another token. Models are the only thing that sessions share.
"""

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from distill.errors import DistillError
from distill.ui.clips import Clip

_TOKEN = re.compile(r"^[0-9a-f]{32}$")


class SessionError(DistillError):
    """Something that this browser does not have, or no longer has."""


@dataclass
class Session:
    """One browser tab: its clips, oldest first, and the model it works with."""

    model_id: str | None = None
    clips: OrderedDict[str, Clip] = field(default_factory=OrderedDict)
    used: float = 0.0
    lock: threading.RLock = field(default_factory=threading.RLock)
    most_clips: int = 8
    most_bytes: int = 512 * 2**20

    def add(self, clip: Clip) -> Clip:
        """Keep a clip; the ones that were not looked at longest make room."""
        with self.lock:
            self.clips[clip.id] = clip
            while len(self.clips) > 1 and (
                len(self.clips) > self.most_clips
                or sum(kept.nbytes for kept in self.clips.values()) > self.most_bytes
            ):
                self.clips.popitem(last=False)
        return clip

    def clip(self, clip_id: str) -> Clip:
        """The clip of that id; raises `SessionError` where it is gone."""
        with self.lock:
            if clip_id not in self.clips:
                raise SessionError("that sound is no longer open here: open it again")
            self.clips.move_to_end(clip_id)
            return self.clips[clip_id]


class SessionStore:
    """All sessions of a server.

    Args:
        most: sessions kept; the one unused for longest goes first.
        lifetime_s: seconds after which an unused session is forgotten.
        clock: seconds, for tests.
    """

    def __init__(
        self,
        most: int = 64,
        lifetime_s: float = 7200.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most, self._lifetime, self._clock = most, lifetime_s, clock
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, token: str) -> Session:
        """The session of a token, made at its first use; raises `SessionError` if malformed."""
        if not _TOKEN.match(token):
            raise SessionError("this page has no valid session: reload it")
        with self._lock:
            now = self._clock()
            session = self._sessions.setdefault(token, Session())
            session.used = now
            self._sessions.move_to_end(token)
            while len(self._sessions) > self._most or self._expired(now):
                self._sessions.popitem(last=False)
            return session

    def _expired(self, now: float) -> bool:
        oldest = next(iter(self._sessions.values()))
        return now - oldest.used > self._lifetime

    def __len__(self) -> int:
        return len(self._sessions)
