"""Codes as JSON, for `distill decode`."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from distill.cli import main
from faults import commands
from faults.outcome import Tried
from faults.zoo.keeper import show

_Codes = dict[str, Any]


def _with(**changes: Any) -> Callable[[_Codes], bytes]:
    return lambda whole: json.dumps({**whole, **changes}).encode()


def _without(name: str) -> Callable[[_Codes], bytes]:
    return lambda whole: json.dumps({k: v for k, v in whole.items() if k != name}).encode()


def _rows(change: Callable[[list[list[Any]]], Any]) -> Callable[[_Codes], bytes]:
    return lambda whole: json.dumps({**whole, "indices": change(whole["indices"])}).encode()


ZOO: dict[str, Callable[[_Codes], bytes]] = {
    "whole": _with(),
    "empty": lambda _: b"",
    "not JSON": lambda _: b"{codes}",
    "cut short": lambda whole: json.dumps(whole).encode()[:200],
    "a list": lambda _: b"[]",
    "null": lambda _: b"null",
    "a number": lambda _: b"1e999",
    "nested 100,000 deep": lambda _: b"[" * 100_000,
    "not UTF-8": lambda _: b'{"format": "\xff\xfe"}',
    "byte order mark": lambda whole: b"\xef\xbb\xbf" + json.dumps(whole).encode(),
    "key given twice": lambda whole: json.dumps(whole).encode()[:-1] + b', "version": 9}',
    "another format": _with(format="distill-model"),
    "a later version": _with(version=2),
    "unknown key": _with(extra=1),
    "another model": _with(model_id="0" * 16),
    "model by path": _with(model_id="../../etc/passwd"),
    "no indices": _without("indices"),
    "no format": _without("format"),
    "no columns": _with(spatial_shape=[1, 0], indices=[[]] * 4),
    "a column too many": _rows(lambda rows: [[*row, 0] for row in rows]),
    "a level too few": _rows(lambda rows: rows[1:]),
    "ragged": _rows(lambda rows: [rows[0][:-1], *rows[1:]]),
    "code -2": _rows(lambda rows: [[-2, *rows[0][1:]], *rows[1:]]),
    "code beyond the book": _rows(lambda rows: [[16, *rows[0][1:]], *rows[1:]]),
    "code as text": _rows(lambda rows: [["0", *rows[0][1:]], *rows[1:]]),
    "code as float": _rows(lambda rows: [[0.5, *rows[0][1:]], *rows[1:]]),
    "code true": _rows(lambda rows: [[True, *rows[0][1:]], *rows[1:]]),
    "code 2**63": _rows(lambda rows: [[2**63, *rows[0][1:]], *rows[1:]]),
    "all nothing": _rows(lambda rows: [[-1] * len(row) for row in rows]),
    "NaN duration": _with(duration_s=float("nan")),
    "no samples": _with(num_samples=0),
    "10**15 samples": _with(num_samples=10**15),
    "one sample": _with(num_samples=1),
    "rate 1": _with(sample_rate=1),
    "rate 10**9": _with(sample_rate=10**9),
    "10**9 mels": _with(mel_shape=[10**9, 10**9]),
    "shape negative": _with(spatial_shape=[-1, -1]),
    "shape of three": _with(spatial_shape=[1, 2, 3]),
    "1,000 labels": _with(level_labels=["x"] * 1000),
    "markup as label": _with(level_labels=["<script>alert(1)</script>"] * 4),
    "NUL in the source": _with(source="a\u0000b"),
}  # fmt: skip


def codes(subject: ModuleType, count: int) -> Tried:
    """Each specimen as a file to decode."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subject.save(folder, subject.prepare(0))
        subject.prepare_training(folder)
        path, model = folder / "codes.json", ["-m", str(folder / "model.distill")]
        encode = ["encode", str(folder / "sounds" / "0.wav"), *model, "-o", str(path)]
        made = commands.run(main, encode)
        if made.problem((0,)):
            return Tried(count, (f"encoding: {made}",), "")
        whole = json.loads(path.read_text())

        def take(specimen: str) -> str:
            path.write_bytes(ZOO[specimen](whole))
            out = str(folder / "out.wav")
            return commands.run(main, ["decode", str(path), *model, "-o", out]).problem((0, 1))

        return show(ZOO, count, take)
