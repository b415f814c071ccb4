"""Prompts for scene's `generate`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import ModuleType

from faults import commands
from faults.outcome import Tried
from faults.zoo.keeper import show
from scene.generate import main

ZOO = {
    "ordinary": "a castle on a hill at sunset",
    "empty": "",
    "spaces": "   \t\n ",
    "one letter": "a",
    "10,000 characters": "castle " * 1429,
    "one word of 10,000": "x" * 10_000,
    "unknown words": "qwzx blorf snargle",
    "digits": "1234567890",
    "punctuation": "?!.,;:-_'\"()[]{}",
    "emoji": "\U0001f3f0 castle \U0001f305",
    "joined emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467 family",
    "right to left": "\u05d8\u05d9\u05e8\u05d4 \u0642\u0644\u0639\u0629 castle",
    "direction override": "\u202ecastle\u202c",
    "Chinese": "\u57ce\u5821",
    "combining": "ca\u0301" + "\u0301" * 500 + "stle",
    "NUL": "castle\x00hill",
    "escape codes": "\x1b[31mcastle\x1b[0m\x07",
    "many lines": "a castle\non a hill\r\nat sunset",
    "surrogate": "castle \udc80",
    "markup": "<script>alert(1)</script>",
    "shell": "$(touch hacked) `id` ; rm -rf x | y",
    "path": "../../../../etc/passwd",
    "format string": "%s%n {0} {castle.__class__}",
    "option": "castle --vqgan nowhere",
    "capitals": "A CASTLE ON A HILL",
    "stdin": "-",
}

# No prompt at all is a matter of usage; "-" as a prompt is what comes from standard input: nothing.
CODES = {"empty": (2,), "spaces": (2,), "stdin": (0, 2)}


def prompts(subject: ModuleType, count: int) -> Tried:
    """Each specimen as an argument, drawn by a tiny model; and from standard input."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        models = subject.write_pair(folder)

        def take(specimen: str) -> str:
            flags = ["--seed", "1", "--force", "-o", str(folder / "picture.png"), *models]
            text, codes = ZOO[specimen], CODES.get(specimen, (0, 1))
            problem = commands.run(main, [*flags, "--", text]).problem(codes)
            return problem or commands.run(main, [*flags, "-"], stdin=text).problem(codes)

        return show(ZOO, count, take)
