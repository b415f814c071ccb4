"""Opening sounds on the Codes tab: examples, uploads, codes files, and what was open before."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import StringConstraints

from distill.errors import CodesError
from distill.inference.codes_file import encoded_of, parse_codes
from distill.labels import get_level_labels
from distill.ui.clips import Clip
from distill.ui.endpoints import Id, Level, Name, Request, endpoint
from distill.ui.library import labels_of
from distill.ui.payloads import clip_payload, model_payload
from distill.ui.workshop import Workshop, codes_of, encode

_LABEL_LENGTH = 40


class OpenExample(Request):
    """Which example."""

    example: Name


class OpenUpload(Request):
    """An uploaded file: where Gradio put it, and what it was called."""

    path: Annotated[str, StringConstraints(max_length=4096)]
    name: Name


class OpenCodes(Request):
    """A codes file's text."""

    name: Name
    text: Annotated[str, StringConstraints(max_length=64_000_000)]


class OneClip(Request):
    """A clip of this session."""

    clip: Id


class Rename(OneClip):
    """Another name for a level."""

    level: Level
    name: Annotated[str, StringConstraints(max_length=_LABEL_LENGTH)]


def handlers(workshop: Workshop) -> list[Callable[[Any], dict[str, Any]]]:
    """Server functions `codes_start`, `codes_open_example`, `codes_open_upload`,
    `codes_open_codes`, `codes_show`, `codes_rename`."""

    def shown(clip: Clip) -> dict[str, Any]:
        return {"clip": clip_payload(clip), "model": model_payload(clip.loaded)}

    def codes_start(request: Request) -> dict[str, Any]:
        session = workshop.sessions.get(request.token)
        loaded = workshop.model_of(session)
        mine = [c for c in session.clips.values() if c.loaded.model_id == loaded.model_id]
        if not mine and workshop.examples:
            mine = [workshop.open_example(session, workshop.examples[0].id)]
        return {
            "model": model_payload(loaded),
            "clip": clip_payload(mine[-1]) if mine else None,
            "examples": [{"id": e.id, "name": e.name} for e in workshop.examples],
            "clips": [
                {"id": c.id, "name": c.name}
                for c in reversed(session.clips.values())
                if not c.source.startswith("example:")
            ],
        }

    def codes_open_example(request: OpenExample) -> dict[str, Any]:
        return shown(workshop.open_example(workshop.sessions.get(request.token), request.example))

    def codes_open_upload(request: OpenUpload) -> dict[str, Any]:
        session = workshop.sessions.get(request.token)
        path = workshop.uploaded(request.path)
        clip = encode(path, request.name, "upload", workshop.model_of(session))
        return shown(session.add(clip))

    def codes_open_codes(request: OpenCodes) -> dict[str, Any]:
        session = workshop.sessions.get(request.token)
        loaded = workshop.model_of(session)
        read = parse_codes(request.text, request.name)
        encoded = encoded_of(read, loaded)
        clip = Clip(
            name=request.name,
            source="codes",
            loaded=loaded,
            codes=codes_of(encoded["indices"]),
            samples=encoded["num_samples"],
            original=None,
            labels=get_level_labels(read.num_quantizers, read.level_labels or labels_of(loaded)),
        )
        return shown(session.add(clip))

    def codes_show(request: OneClip) -> dict[str, Any]:
        return shown(workshop.sessions.get(request.token).clip(request.clip))

    def codes_rename(request: Rename) -> dict[str, Any]:
        clip = workshop.sessions.get(request.token).clip(request.clip)
        if request.level >= clip.levels:
            raise CodesError(f"this sound has {clip.levels} levels")
        name = " ".join(request.name.split())
        default = labels_of(clip.loaded)[request.level]
        clip.labels = [
            (name or default) if i == request.level else old for i, old in enumerate(clip.labels)
        ]
        return {"labels": clip.labels}

    served = (
        codes_start, codes_open_example, codes_open_upload, codes_open_codes, codes_show,
        codes_rename,
    )  # fmt: skip
    return [endpoint(function) for function in served]
