"""Which run a tab looks at: the shared one, or a private fork of it.

A fork starts as an exact copy and then goes its own way. There are at most `MOST_FORKS`; one whose
tab has not been heard of for `LEASE_SECONDS` ends. Tokens are unguessable, so that a fork is
reached only from its own address.
"""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass, field

from rq_vae_explorer.training.trainer import Trainer
from rq_vae_explorer.ui.feed import Feed
from rq_vae_explorer.ui.hands import Hands

MOST_FORKS = 3
LEASE_SECONDS = 300.0
SHARED = ""  # token of the shared run


@dataclass
class Seat:
    """A run with what serves it to browsers."""

    run: Trainer
    feed: Feed = field(init=False)
    hands: Hands = field(init=False)
    last_seen: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.feed = Feed(self.run.snapshot)
        self.hands = Hands(self.run)


class Runs:
    """The shared run and its forks; all methods may be called from any thread."""

    def __init__(self, shared: Trainer, lease_seconds: float = LEASE_SECONDS) -> None:
        self._seats = {SHARED: Seat(shared)}
        self._lock = threading.Lock()
        self._lease = lease_seconds
        self._sweeper: threading.Thread | None = None
        self._forking = 0

    def seat(self, token: str) -> Seat:
        """The run behind a token, and a sign of life for it.

        Raises:
            ValueError: that private run has ended.
        """
        with self._lock:
            seat = self._seats.get(token)
            if seat is None:
                raise ValueError("this private run has ended; go back to the shared one")
            seat.last_seen = time.monotonic()
            return seat

    def run(self, token: str) -> Trainer:
        """Shorthand for `seat(token).run`."""
        return self.seat(token).run

    def tokens(self) -> list[str]:
        """Of all runs that are there, the shared one first."""
        with self._lock:
            return list(self._seats)

    def fork(self) -> str:
        """Copy the shared run into a private one and return its token.

        Raises:
            ValueError: there are as many forks as are allowed.
        """
        self.end_abandoned()
        with self._lock:
            if len(self._seats) + self._forking > MOST_FORKS:
                raise ValueError(f"all {MOST_FORKS} private runs are taken; try again later")
            self._forking += 1
        token, seat = secrets.token_urlsafe(12), None
        try:
            # Not under the lock: it waits for the shared run, and every tab waits for the lock.
            seat = Seat(self.run(SHARED).fork())
        finally:
            with self._lock:
                self._forking -= 1
                if seat is not None:
                    self._seats[token] = seat
        if self._sweeper is None:
            self._sweeper = threading.Thread(target=self._sweep, daemon=True)
            self._sweeper.start()
        return token

    def end_abandoned(self) -> None:
        """End the forks whose tabs are gone."""
        with self._lock:
            late = time.monotonic() - self._lease
            gone = [t for t, seat in self._seats.items() if t != SHARED and seat.last_seen < late]
            ended = [self._seats.pop(token) for token in gone]
        for seat in ended:
            seat.run.close()

    def _sweep(self) -> None:
        while True:
            time.sleep(min(10.0, self._lease))
            self.end_abandoned()
