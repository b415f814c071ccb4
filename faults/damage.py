"""Ways to damage a file, by its kind: safetensors, JSON, zip."""

from __future__ import annotations

import json
import random
from typing import Any

_ODD_VALUES = (None, True, -1, 0, 2**63, 10**30, 1e308, "", "x" * 5000, [], {}, [[]], "\u0000")


def truncated(whole: bytes, rng: random.Random) -> bytes:
    """The beginning of the file."""
    return whole[: rng.randrange(len(whole))]


def flipped(whole: bytes, rng: random.Random) -> bytes:
    """One to eight bits flipped, anywhere."""
    return _flip(whole, rng, len(whole))


def flipped_header(whole: bytes, rng: random.Random) -> bytes:
    """One to eight bits flipped in the header."""
    return _flip(whole, rng, 8 + int.from_bytes(whole[:8], "little"))


def _flip(whole: bytes, rng: random.Random, limit: int) -> bytes:
    content = bytearray(whole)
    for _ in range(rng.randint(1, 8)):
        content[rng.randrange(limit)] ^= 1 << rng.randrange(8)
    return bytes(content)


def lying_length(whole: bytes, rng: random.Random) -> bytes:
    """Another length of the header."""
    claimed = rng.choice([0, 1, 2**20, 2**31, 2**40, 2**63 - 1, 2**64 - 1, rng.randrange(2**64)])
    return claimed.to_bytes(8, "little") + whole[8:]


def lying_header(whole: bytes, rng: random.Random) -> bytes:
    """A header that lies about shapes, offsets, types, names or settings."""
    length = int.from_bytes(whole[:8], "little")
    header = json.loads(whole[8 : 8 + length])
    name = rng.choice([key for key in header if key != "__metadata__"])
    lie = rng.randrange(6)
    if lie == 0:
        header[name]["shape"] = [rng.choice([0, 1, 2**31, 2**62, 10**18]), 3]
    elif lie == 1:
        header[name]["data_offsets"] = [0, rng.choice([0, 2**40, 2**63])]
    elif lie == 2:
        header[name]["dtype"] = rng.choice(["F64", "I64", "BOOL", "F8_E4M3", "nonsense"])
    elif lie == 3:
        header[f"{name}.more"] = header.pop(name)
    elif lie == 4:
        del header[name]
    else:
        header["__metadata__"] = _lying_metadata(header.get("__metadata__", {}), rng)
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + whole[8 + length :]


def _lying_metadata(metadata: dict[str, str], rng: random.Random) -> dict[str, str]:
    told = dict(metadata)
    key = rng.choice(sorted(told)) if told else "run"
    told[key] = rng.choice(["[]", "{" * 5000, "", "null", '{"config": null}'])
    if rng.random() < 0.5 and metadata.get(key, "").startswith("{"):
        told[key] = lying_document(metadata[key].encode(), rng).decode()
    return told


def lying_document(whole: bytes, rng: random.Random) -> bytes:
    """JSON with one value gone or of another kind, at any depth."""
    document = json.loads(whole)
    place: Any = document
    while True:
        keys = list(place) if isinstance(place, dict) else range(len(place))
        key = rng.choice(list(keys))
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or rng.random() < 0.3:
            break
        place = inner
    if rng.random() < 0.3:
        del place[key]
    else:
        place[key] = rng.choice(_ODD_VALUES)
    return json.dumps(document).encode()


def flipped_end(whole: bytes, rng: random.Random) -> bytes:
    """Bits flipped where an archive has its directory."""
    end = whole[-400:]
    return whole[: -len(end)] + _flip(end, rng, len(end))


def not_json(whole: bytes, rng: random.Random) -> bytes:
    """Something that is no object of JSON."""
    return rng.choice(
        [b"", b"[]", b"null", b"1", b'"text"', b"{" * 5000, b"[" * 100_000, b"\xff\xfe", b"NaN"]
    )


SAFETENSORS = (truncated, flipped, flipped_header, lying_length, lying_header)
JSON = (truncated, flipped, lying_document, not_json)
ZIP = (truncated, flipped, flipped_end)
