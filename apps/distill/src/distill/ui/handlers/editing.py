"""Changes to a clip's codes, each one step of its history: by hand, by undo and redo."""

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from distill.errors import CodesError
from distill.ui.clips import Codes
from distill.ui.endpoints import Code, Column, endpoint
from distill.ui.handlers.opening import OneClip
from distill.ui.payloads import change_payload
from distill.ui.workshop import Workshop

_MOST_EDITED = 30_000  # columns in one edit


class Edit(OneClip):
    """Replace `remove` columns at `start` by `rows` (L rows of n codes)."""

    start: Column
    remove: Column
    rows: Annotated[
        list[Annotated[list[Code], Field(max_length=_MOST_EDITED)]],
        Field(min_length=1, max_length=8),
    ]


def handlers(workshop: Workshop) -> list[Callable[[Any], dict[str, Any]]]:
    """Server functions `codes_edit`, `codes_undo`, `codes_redo`."""

    def codes_edit(request: Edit) -> dict[str, Any]:
        clip = workshop.sessions.get(request.token).clip(request.clip)
        with clip.lock:
            return change_payload(
                clip, clip.splice(request.start, request.remove, _columns(request.rows))
            )

    def codes_undo(request: OneClip) -> dict[str, Any]:
        clip = workshop.sessions.get(request.token).clip(request.clip)
        with clip.lock:
            return change_payload(clip, clip.undo())

    def codes_redo(request: OneClip) -> dict[str, Any]:
        clip = workshop.sessions.get(request.token).clip(request.clip)
        with clip.lock:
            return change_payload(clip, clip.redo())

    return [endpoint(function) for function in (codes_edit, codes_undo, codes_redo)]


def _columns(rows: list[list[int]]) -> Codes:
    """L rows of n codes -> (n, L)."""
    if len({len(row) for row in rows}) != 1:
        raise CodesError("the levels of an edit have equally many columns")
    return np.asarray(rows, np.int16).reshape(len(rows), -1).T.copy()
