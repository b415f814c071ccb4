"""Sound to codes, codes to sound, previews: what the command line and the page call."""

from distill.inference.codes import MelShape, decode_code_grid, encode_audio_file
from distill.inference.previews import (
    play_row_audio,
    preview_cell,
    preview_codebook,
    preview_single_code,
    preview_time_slice,
)

__all__ = [
    "MelShape",
    "decode_code_grid",
    "encode_audio_file",
    "play_row_audio",
    "preview_cell",
    "preview_codebook",
    "preview_single_code",
    "preview_time_slice",
]
