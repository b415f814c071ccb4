"""`distill encode` and `distill decode`."""

import argparse
from pathlib import Path

import torch

from distill.commands.checks import check_output, open_model
from distill.inference import decode_code_grid, encode_audio_file
from distill.inference.codes_file import (
    codes_file_of,
    encoded_of,
    read_codes_file,
    write_codes_file,
)


def run_encode(args: argparse.Namespace) -> int:
    """Sound file to codes file."""
    torch.set_num_threads(1)
    check_output(args.out)
    loaded = open_model(args.model)
    encoded = encode_audio_file(args.audio, loaded)
    codes = codes_file_of(encoded, loaded, Path(args.audio).name)
    write_codes_file(args.out, codes)
    print(
        f"{args.out}: {codes.spatial_shape[1]} columns of {codes.num_quantizers} levels, "
        f"{codes.duration_s:.2f} s"
    )
    return 0


def run_decode(args: argparse.Namespace) -> int:
    """Codes file to sound file."""
    from distill.audio.io import save_audio

    torch.set_num_threads(1)
    check_output(args.out)
    codes = read_codes_file(args.codes)
    loaded = open_model(args.model)
    encoded = encoded_of(codes, loaded)
    sound = decode_code_grid(
        encoded["indices"], encoded["spatial_shape"], encoded["mel_shape"], loaded
    )
    save_audio(args.out, sound, codes.sample_rate)
    print(f"{args.out}: {len(sound) / codes.sample_rate:.2f} s by {loaded.metadata.synthesis}")
    return 0
