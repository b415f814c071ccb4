"""The Generate tab: start, watch and call off; the result is a clip of the session."""

import secrets
import threading
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field

from distill.models.prior_sampling import SamplingSettings
from distill.ui.endpoints import Request, endpoint
from distill.ui.generation import Generation, GenerationError, Wish
from distill.ui.library import labels_of
from distill.ui.payloads import clip_payload, model_payload
from distill.ui.workshop import Workshop

_LONGEST_S = 120.0
_MOST_AT_ONCE = 3  # generations of all sessions together

_PerLevel = Field(min_length=1, max_length=8)


class Generate(Request):
    """Length, freedom per level, seed (None: by chance)."""

    seconds: Annotated[float, Field(ge=0.1, le=_LONGEST_S)]
    temperature: Annotated[list[Annotated[float, Field(ge=0.0, le=3.0)]], _PerLevel]
    top_k: Annotated[list[Annotated[int, Field(ge=0, le=4096)]], _PerLevel]
    top_p: Annotated[list[Annotated[float, Field(gt=0.0, le=1.0)]], _PerLevel]
    seed: Annotated[int, Field(ge=0, lt=2**31)] | None = None


def handlers(workshop: Workshop) -> list[Callable[[Any], dict[str, Any]]]:
    """Server functions `generate_about`, `generate_start`, `generate_poll`, `generate_cancel`."""
    runs: dict[str, Generation] = {}
    lock = threading.Lock()

    def generate_about(request: Request) -> dict[str, Any]:
        loaded = workshop.model_of(workshop.sessions.get(request.token))
        figures = loaded.prior_metadata or {}
        return {
            "name": loaded.metadata.name,
            "labels": labels_of(loaded),
            "has_prior": loaded.prior is not None,
            "codes": loaded.model.codebook_size,
            "figures": {key: round(value, 4) for key, value in figures.items()},
        }

    def generate_start(request: Generate) -> dict[str, Any]:
        session = workshop.sessions.get(request.token)
        seed = secrets.randbelow(2**31) if request.seed is None else request.seed
        settings = SamplingSettings(
            tuple(request.temperature), tuple(request.top_k), tuple(request.top_p)
        )
        wish = Wish(request.seconds, seed, settings, f"Generated {seed}")
        with lock:
            for token in [t for t, run in runs.items() if not run.running and t != request.token]:
                del runs[token]
            if request.token in runs and runs[request.token].running:
                raise GenerationError("one is being written already")
            if sum(run.running for run in runs.values()) >= _MOST_AT_ONCE:
                raise GenerationError("others are generating just now; try again in a moment")
            runs[request.token] = Generation(workshop.model_of(session), wish, session)
        return {"seed": seed}

    def generate_poll(request: Request) -> dict[str, Any]:
        run = runs.get(request.token)
        if run is None:
            return {"state": "idle"}
        state = "running" if run.running else "failed" if run.problem else "done"
        answer: dict[str, Any] = {
            "state": state,
            "done": run.done,
            "columns": run.columns,
            "seed": run.wish.seed,
            "problem": run.problem,
        }
        if state == "done":
            clip = workshop.sessions.get(request.token).clip(run.clip_id)
            answer |= {"clip": clip_payload(clip), "model": model_payload(clip.loaded)}
            del runs[request.token]
        return answer

    def generate_cancel(request: Request) -> dict[str, Any]:
        if request.token in runs:
            runs[request.token].cancel()
        return {}

    return [
        endpoint(function)
        for function in (generate_about, generate_start, generate_poll, generate_cancel)
    ]
