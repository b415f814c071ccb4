"""The Transform panel: each transformation is one undoable edit of the chosen span and levels."""

import secrets
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field

from distill.errors import CodesError
from distill.ui import transforms
from distill.ui.clips import Clip, Codes
from distill.ui.endpoints import Column, Level, Name, endpoint
from distill.ui.handlers.opening import OneClip
from distill.ui.payloads import change_payload
from distill.ui.workshop import Workshop

_MOST_REWRITTEN = 2000  # columns: some 40 s


class Span(OneClip):
    """Levels of the columns [start, end)."""

    start: Column
    end: Column
    levels: Annotated[list[Level], Field(min_length=1, max_length=8)]


class Rewrite(Span):
    """By the prior."""

    temperature: Annotated[float, Field(ge=0.0, le=3.0)]
    seed: Annotated[int, Field(ge=0, lt=2**31)] | None = None


class Cross(Span):
    """With another sound: a clip of this session, or `example:ID`."""

    other: Name


class Blend(Cross):
    """How far towards the other sound."""

    amount: Annotated[float, Field(ge=0.0, le=1.0)]


def handlers(workshop: Workshop) -> list[Callable[[Any], dict[str, Any]]]:
    """Server functions `codes_rewrite`, `codes_swap`, `codes_blend`, `codes_refine`."""

    def apply(request: Span, change: Callable[[Clip], Codes]) -> dict[str, Any]:
        clip = workshop.sessions.get(request.token).clip(request.clip)
        with clip.lock:
            if (
                not request.start < request.end <= clip.columns
                or max(request.levels) >= clip.levels
            ):
                raise CodesError("that selection is not part of this sound")
            codes = change(clip)
            changed = int((codes != clip.codes[request.start : request.end]).sum())
            answer = change_payload(clip, clip.splice(request.start, len(codes), codes))
            return {
                **answer,
                "told": f"{changed} of {len(codes) * len(set(request.levels))} codes changed",
            }

    def codes_rewrite(request: Rewrite) -> dict[str, Any]:
        if request.end - request.start > _MOST_REWRITTEN:
            raise CodesError(f"select at most {_MOST_REWRITTEN} columns to rewrite")
        seed = secrets.randbelow(2**31) if request.seed is None else request.seed
        return apply(
            request,
            lambda clip: transforms.rewrite(
                clip, request.start, request.end, request.levels, request.temperature, seed
            ),
        )

    def codes_swap(request: Cross) -> dict[str, Any]:
        other = _codes_of(workshop, request)
        return apply(
            request,
            lambda clip: transforms.swap(clip, other, request.start, request.end, request.levels),
        )

    def codes_blend(request: Blend) -> dict[str, Any]:
        other = _codes_of(workshop, request)
        return apply(
            request,
            lambda clip: transforms.blend(
                clip, other, request.start, request.end, request.levels, request.amount
            ),
        )

    def codes_refine(request: Span) -> dict[str, Any]:
        return apply(
            request,
            lambda clip: transforms.refine(clip, request.start, request.end, request.levels),
        )

    return [endpoint(f) for f in (codes_rewrite, codes_swap, codes_blend, codes_refine)]


def _codes_of(workshop: Workshop, request: Cross) -> Codes:
    session = workshop.sessions.get(request.token)
    mine = session.clip(request.clip)
    if request.other.startswith("example:"):
        return workshop.example_codes(mine.loaded, request.other.removeprefix("example:"))
    other = session.clip(request.other)
    if other.loaded.model_id != mine.loaded.model_id:
        raise CodesError("those two sounds were encoded by different models")
    return other.codes
