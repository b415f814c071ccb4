"""Picture files of every sort: foreign, cut short, decompression bombs."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

_MOST = b"\xff\xff\xff\x7f"


def _picture(mode: str = "RGB", size: tuple[int, int] = (64, 48), kind: str = "PNG") -> bytes:
    packed = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8)
    Image.fromarray(pixels).convert(mode).save(packed, kind)
    return packed.getvalue()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png(width: int, height: int, body: bytes, bits: int = 8, colours: int = 0) -> bytes:
    """A PNG that claims a size and holds `body` as its compressed pixels."""
    head = struct.pack(">IIBBBBB", width, height, bits, colours, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")
    )


def _bomb(side: int) -> bytes:
    """A white square: few bytes in the file, side * side pixels in memory."""
    return _png(side, side, zlib.compress((b"\0" + b"\xff" * (side // 8)) * side, 9), bits=1)


def _animation(frames: int) -> bytes:
    packed = io.BytesIO()
    pictures = [Image.new("P", (64, 48), n % 256) for n in range(frames)]
    pictures[0].save(packed, "GIF", save_all=True, append_images=pictures[1:])
    return packed.getvalue()


def _text_bomb() -> bytes:
    text = _chunk(b"zTXt", b"key\0\0" + zlib.compress(bytes(200_000_000), 9))
    whole = _picture()
    return whole[:33] + text + whole[33:]


ZOO: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "text": lambda: b"no picture\n" * 100,
    "html": lambda: b"<!doctype html><script>alert(1)</script>",
    "svg": lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    "random bytes": lambda: random.Random(0).randbytes(10_000),
    "signature alone": lambda: b"\x89PNG\r\n\x1a\n",
    "PostScript": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9999 9999\nshowpage\n",
    "PNG": _picture,
    "JPEG under a PNG's name": lambda: _picture(kind="JPEG"),
    "BMP": lambda: _picture(kind="BMP"),
    "TIFF": lambda: _picture(kind="TIFF"),
    "WebP": lambda: _picture(kind="WEBP"),
    "grey": lambda: _picture("L"),
    "one bit": lambda: _picture("1"),
    "palette": lambda: _picture("P"),
    "transparent": lambda: _picture("RGBA"),
    "CMYK": lambda: _picture("CMYK", kind="JPEG"),
    "16 bits": lambda: _picture("I;16"),
    "float": lambda: _picture("F", kind="TIFF"),
    "1x1": lambda: _picture(size=(1, 1)),
    "1x9,000": lambda: _picture(size=(1, 9000)),
    "9,000x1": lambda: _picture(size=(9000, 1)),
    "cut short": lambda: _picture()[:2000],
    "wrong checksum": lambda: _picture().replace(b"IDAT", b"IDAX", 1),
    "no pixels": lambda: _png(64, 48, b""),
    "size 0": lambda: _png(0, 0, zlib.compress(b"")),
    "claims 2,147,483,647 a side": lambda: _png(2**31 - 1, 2**31 - 1, zlib.compress(b"\0")),
    "bomb of 100 megapixels": lambda: _bomb(10_000),
    "bomb of 900 megapixels": lambda: _bomb(30_000),
    "bomb just under the limit": lambda: _bomb(7_992),
    "200 MB of text in a chunk": _text_bomb,
    "GIF of 500 frames": lambda: _animation(500),
    "BMP that claims 2**31": lambda: _picture(kind="BMP")[:18] + _MOST * 2 + bytes(500),
    "icon": lambda: _picture(kind="ICO"),
}  # fmt: skip
