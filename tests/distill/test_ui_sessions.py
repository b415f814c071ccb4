"""Sessions: each browser has its own, in bounded number, memory and time."""

import numpy as np
import pytest

from distill.ui.clips import Clip
from distill.ui.sessions import Session, SessionError, SessionStore


def token(number: int) -> str:
    return f"{number:032x}"


def clip(tiny, name: str = "a", columns: int = 2) -> Clip:
    return Clip(name, "codes", tiny, np.zeros((columns, 4), np.int16), columns * 1024, None, [])


def test_the_same_token_finds_its_clips_and_another_does_not(tiny):
    store = SessionStore()
    mine = store.get(token(1)).add(clip(tiny))
    assert store.get(token(1)).clip(mine.id) is mine
    with pytest.raises(SessionError):
        store.get(token(2)).clip(mine.id)


@pytest.mark.parametrize("bad", ["", "x" * 32, "0" * 31, "0" * 33, "../etc/passwd", "A" * 32])
def test_a_malformed_token_gets_nothing(bad):
    store = SessionStore()
    with pytest.raises(SessionError):
        store.get(bad)
    assert len(store) == 0


def test_sessions_expire_and_their_number_is_bounded():
    now = [0.0]
    store = SessionStore(most=3, lifetime_s=10, clock=lambda: now[0])
    first = store.get(token(0))
    for number in range(1, 5):
        store.get(token(number))
    assert len(store) == 3
    assert store.get(token(0)) is not first
    now[0] = 11.0
    store.get(token(9))
    assert len(store) == 1


def test_the_clip_looked_at_longest_ago_makes_room(tiny):
    session = Session(most_clips=2)
    a, b = session.add(clip(tiny, "a")), session.add(clip(tiny, "b"))
    session.clip(a.id)
    session.add(clip(tiny, "c"))
    assert session.clip(a.id) is a
    with pytest.raises(SessionError):
        session.clip(b.id)


def test_memory_is_bounded_but_the_newest_clip_stays(tiny):
    session = Session(most_bytes=1)
    session.add(clip(tiny)).sound("m:15", 0, 2048)
    newest = session.add(clip(tiny))
    newest.sound("m:15", 0, 2048)
    session.add(newest)
    assert list(session.clips) == [newest.id]
