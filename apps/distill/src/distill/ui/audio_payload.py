"""Sound and numbers on their way to the browser: little-endian base64, level exact.

Called by the server functions of every tab. Full scale is 32768 on both sides and nothing is
ever normalised: a peak of 0.01 arrives as 0.01, and a 16-bit file as its very own samples.
"""

import base64
import io

import numpy as np
import numpy.typing as npt
import soundfile

FULL_SCALE = 32768


def to_pcm(samples: npt.ArrayLike) -> npt.NDArray[np.int16]:
    """float samples in [-1, 1] -> int16 of the same shape; what is louder is clipped."""
    scaled = np.rint(np.asarray(samples, np.float32) * FULL_SCALE)
    return np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


def pack(array: npt.NDArray[np.integer]) -> str:
    """Base64 of an integer array in little-endian order, first axis slowest."""
    wire = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return base64.b64encode(np.ascontiguousarray(wire).tobytes()).decode("ascii")


def outline(pcm: npt.NDArray[np.int16], window: int) -> npt.NDArray[np.int8]:
    """Lowest and highest sample of each window: int16 (samples,) -> int8 (2 * windows,).

    The last window may be shorter. Values are rounded outwards to 1/127 of full scale, so that
    no peak is drawn too small.
    """
    if not len(pcm):
        return np.zeros(0, np.int8)
    starts = np.arange(0, len(pcm), window)
    low = np.floor(np.minimum.reduceat(pcm, starts) / FULL_SCALE * 127)
    high = np.ceil(np.maximum.reduceat(pcm, starts) / FULL_SCALE * 127)
    return np.stack([low, high], axis=1).clip(-127, 127).astype(np.int8).reshape(-1)


def wav_bytes(pcm: npt.NDArray[np.int16], sample_rate: int) -> bytes:
    """A 16-bit mono wav file."""
    file = io.BytesIO()
    soundfile.write(file, pcm, sample_rate, format="WAV", subtype="PCM_16")
    return file.getvalue()
