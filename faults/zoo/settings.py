"""Settings files: YAML as scene and the explorer take it. Neither trains on any of these."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from faults import commands
from faults.outcome import Tried
from faults.zoo.keeper import show

_BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


def _general(section: str, indent: str) -> dict[str, bytes]:
    """What can be wrong with any YAML; `section` opens the block that holds settings."""

    def settings(text: str) -> bytes:
        return f"{section}{indent}{text}\n".encode()

    return {
        "empty": b"",
        "only a comment": b"# nothing\n",
        "only null": b"null\n",
        "three documents": b"---\n---\n---\n",
        "byte order mark": b"\xef\xbb\xbf" + settings("seed: 1"),
        "Windows line ends": settings("seed: 1").replace(b"\n", b"\r\n"),
        "UTF-16": settings("seed: 1").decode().encode("utf-16"),
        "not UTF-8": b"seed: \xff\xfe\xfa\n",
        "NUL": b"seed: \x001\n",
        "binary": bytes(range(256)) * 20,
        "tab as indent": b"training:\n\tseed: 1\n",
        "unclosed": b"seed: [1, 2\n",
        "a list": b"- 1\n- 2\n",
        "a text": b"hello\n",
        "a number": b"3\n",
        "false": b"false\n",
        "key is a list": b"[1]: 2\n",
        "key is a number": b"1: 2\n",
        "key is null": b"~: 2\n",
        "python object": b"a: !!python/object:os.system [id]\n",
        "python apply": b"a: !!python/object/apply:os.system ['touch /tmp/hacked']\n",
        "python name": b"a: !!python/name:os.system\n",
        "unknown tag": settings("seed: !odd 1"),
        "duplicate key": settings("seed: 1") + indent.encode() + b"seed: 2\n",
        "unknown key": settings("sed: 1"),
        "dunder key": settings("__class__: 1"),
        "1e-5": settings("learning_rate: 1e-5"),
        "1.e-5": settings("learning_rate: 1.e-5"),
        "quoted number": settings('learning_rate: "0.001"'),
        "NaN": settings("learning_rate: .nan"),
        "infinity": settings("learning_rate: .inf"),
        "negative": settings("learning_rate: -1"),
        "10,000": settings("learning_rate: 10,000"),
        "text for a number": settings("batch_size: many"),
        "float for a count": settings("batch_size: 2.5"),
        "zero": settings("batch_size: 0"),
        "10**30": settings("batch_size: 1" + "0" * 30),
        "octal": settings("batch_size: 0o10"),
        "yes for a number": settings("seed: yes"),
        "null for a number": settings("seed: null"),
        "a list for a number": settings("seed: [1]"),
        "a mapping for a number": settings("seed: {a: 1}"),
        "alias bomb": _BOMB.encode(),
        "alias bomb as a value": _BOMB.encode() + settings("seed: *i"),
        "alias of itself": b"a: &a [*a]\n" + settings("seed: *a"),
        "unknown alias": settings("seed: *nobody"),
        "merge key": b"x: &x {seed: 1}\n" + settings("<<: *x"),
        "nested 100,000 deep": b"[" * 100_000,
        "nested 3,000 deep, closed": b"a: " + b"[" * 3000 + b"]" * 3000,
        "a megabyte of text": settings("seed: " + "x" * 1_000_000),
        "20,000 unknown keys": b"".join(b"k%d: 1\n" % n for n in range(20_000)),
        "emoji": settings("\U0001f600: 1"),
        "date": settings("seed: 2026-01-01"),
    }


def scene_settings(subject: ModuleType, count: int) -> Tried:
    """As --config of train-vqgan; what is accepted ends at pictures that are not there."""
    from scene.train_vqgan import main

    zoo = {
        **_general("training:\n", "  "),
        "section is a text": b"training: fast\n",
        "section is a list": b"training: [1]\n",
        "section is null": b"training:\n",
        "unknown section": b"trainin: {seed: 1}\n",
        "size of three": b"data: {image_size: [320, 192, 3]}\n",
        "size no multiple of 16": b"data: {image_size: [321, 192]}\n",
        "negative size": b"data: {image_size: [-320, 192]}\n",
        "size of a planet": b"data: {image_size: [1600000000, 1600000000]}\n",
        "cosine with levels": b"model: {lookup: cosine, num_levels: 4}\n",
    }

    def flags(folder: Path) -> list[str]:
        return ["--data", str(folder / "none"), "--out", str(folder / "run")]

    return _take(main, zoo, flags, count)


def explorer_settings(subject: ModuleType, count: int) -> Tried:
    """As --config of train; what is accepted ends at data that are not there."""
    from rq_vae_explorer.cli import main

    zoo = {
        **_general("", ""),
        "unknown network": b"network: huge\n",
        "five levels": b"num_levels: 5\n",
        "65 codes": b"num_codes: 65\n",
        "weight beyond its limit": b"lambda_commit: 101\n",
        "data is a list": b"data: [mnist]\n",
        "data is empty": b'data: ""\n',
        "data with NUL": b'data: "a\\0b"\n',
    }

    def flags(folder: Path) -> list[str]:
        return ["train", "--data", str(folder / "none"), "--steps", "1"]

    return _take(main, zoo, flags, count)


def _take(
    main: commands.Main, zoo: dict[str, bytes], flags: Callable[[Path], list[str]], count: int
) -> Tried:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "settings.yaml"

        def take(specimen: str) -> str:
            path.write_bytes(zoo[specimen])
            arguments = [*flags(folder), "--config", str(path)]
            return commands.run(main, arguments).problem((1, 2))

        return show(zoo, count, take)
