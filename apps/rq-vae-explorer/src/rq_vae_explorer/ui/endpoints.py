"""What a browser may ask of the server from the canvas. Public: every argument is checked.

Each function takes one JSON value and returns JSON; a refusal is `{"error": one line}`.
"""

from __future__ import annotations

import json
from typing import Any

from fastapi import Response

from rq_vae_explorer.ui.feed import PACKERS
from rq_vae_explorer.ui.runs import Runs


def answer_part(runs: Runs, request: object) -> Response:
    """`{part, have, run}`: the newest part of a run, unless the browser has it."""
    if not isinstance(request, dict):
        return _refusal("send {part, have, run}", 400)
    name, have, token = (request.get(key, "") for key in ("part", "have", "run"))
    if not all(isinstance(value, str) for value in (name, have, token)) or name not in PACKERS:
        return _refusal(f"part is one of {', '.join(PACKERS)}; have and run are text", 400)
    try:
        feed = runs.seat(token).feed
    except ValueError as problem:
        return _refusal(str(problem), 200)
    return Response(feed.part(name, have), media_type="application/json")


def answer_act(runs: Runs, request: object) -> dict[str, Any]:
    """`{do, ..., run}`: an action on a run, see `hands`; `{do: "fork"}` makes a private one."""
    if not isinstance(request, dict) or not isinstance(request.get("run", ""), str):
        return {"error": "send {do, ..., run}"}
    action = {key: value for key, value in request.items() if key != "run"}
    try:
        if action == {"do": "fork"}:
            return {"token": runs.fork()}
        return runs.seat(request.get("run", "")).hands.act(action)
    except ValueError as problem:
        return {"error": str(problem)}


def _refusal(reason: str, status: int) -> Response:
    return Response(json.dumps({"error": reason}), status, media_type="application/json")
