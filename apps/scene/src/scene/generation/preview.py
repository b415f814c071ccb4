"""A picture in the terminal: two pixels per character cell by the upper half block."""

import numpy as np

RESET = "\x1b[0m"


def half_blocks(pixels: np.ndarray, columns: int = 80) -> str:
    """uint8 (H, W, 3) as true-colour text at most `columns` wide.

    Shrinks by a whole number and takes the top left pixel of each square: no blending.
    """
    step = -(-pixels.shape[1] // columns)
    small = pixels[::step, ::step]
    small = small[: len(small) // 2 * 2]
    lines = []
    for upper, lower in zip(small[::2], small[1::2], strict=True):
        cells = [
            f"\x1b[38;2;{u[0]};{u[1]};{u[2]};48;2;{v[0]};{v[1]};{v[2]}m▀"
            for u, v in zip(upper, lower, strict=True)
        ]
        lines.append("".join(cells) + RESET)
    return "\n".join(lines)
