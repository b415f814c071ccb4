"""The Models tab: cards from headers alone; use, rename, delete, import, export."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from pydantic import StringConstraints

from distill.errors import ModelFileError
from distill.training.export import health_in_words
from distill.ui.endpoints import Name, Request, endpoint
from distill.ui.library import Entry
from distill.ui.workshop import Workshop

_ModelId = Annotated[str, StringConstraints(max_length=300)]


class OneModel(Request):
    """A model by its id."""

    model: _ModelId


class RenameModel(OneModel):
    """Its new title."""

    name: Name


class ImportModel(Request):
    """An uploaded model file."""

    path: Annotated[str, StringConstraints(max_length=4096)]
    name: Name


def handlers(workshop: Workshop) -> list[Callable[[Any], dict[str, Any]]]:
    """Server functions `models_list`, `models_use`, `models_rename`, `models_delete`,
    `models_import`, `models_export`."""
    library = workshop.library

    def models_list(request: Request) -> dict[str, Any]:
        session = workshop.sessions.get(request.token)
        entries = library.entries()
        usable = [entry.id for entry in entries if entry.header is not None]
        used = session.model_id if session.model_id in usable else next(iter(usable), None)
        return {"models": [_card(entry, entry.id == used) for entry in entries]}

    def models_use(request: OneModel) -> dict[str, Any]:
        session = workshop.sessions.get(request.token)
        library.load(request.model)
        session.model_id = request.model
        return models_list(request)

    def models_rename(request: RenameModel) -> dict[str, Any]:
        session = workshop.sessions.get(request.token)
        renamed = library.rename(request.model, request.name)
        if session.model_id == request.model:
            session.model_id = renamed
        return models_list(request)

    def models_delete(request: OneModel) -> dict[str, Any]:
        library.delete(request.model)
        return models_list(request)

    def models_import(request: ImportModel) -> dict[str, Any]:
        library.add(workshop.uploaded(request.path), Path(request.name).stem)
        return models_list(request)

    def models_export(request: OneModel) -> dict[str, Any]:
        entry = library.entry(request.model)
        if entry.header is None:
            raise ModelFileError("that file is no model that could be exported")
        data = base64.b64encode(entry.path.read_bytes()).decode("ascii")
        return {"name": entry.path.name, "type": "application/octet-stream", "data": data}

    served = (
        models_list, models_use, models_rename, models_delete, models_import, models_export,
    )  # fmt: skip
    return [endpoint(function) for function in served]


def _card(entry: Entry, used: bool) -> dict[str, Any]:
    card: dict[str, Any] = {
        "id": entry.id,
        "name": entry.name,
        "file": entry.path.name,
        "own": entry.own,
        "used": used,
        "problem": entry.problem,
        "bytes": entry.path.stat().st_size if entry.path.exists() else 0,
    }
    if entry.header is None:
        return card
    about, shape = entry.header.metadata, entry.header.vqvae
    return {
        **card,
        "created": about.created,
        "licence": about.licence,
        "origin": about.origin,
        "command": about.command,
        "synthesis": about.synthesis.replace("_", "-"),
        "levels": shape.num_quantizers,
        "codes": shape.codebook_size,
        "prior": entry.header.prior is not None,
        "minutes_of_sound": round(about.seconds_of_sound / 60, 1),
        "sounds": len(about.trained_on),
        "figures": about.figures,
        "usage": [level.usage for level in entry.header.codebook_health],
        "health": health_in_words(entry.header.codebook_health),
    }
