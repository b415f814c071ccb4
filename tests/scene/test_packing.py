"""Bytes come back from their packing as they were, or not at all."""

import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from scene.packing import pack, unpack


@given(arrays(np.uint8, array_shapes(max_dims=3, max_side=40, min_side=0)))
def test_what_was_packed_comes_back(array):
    packed = pack(array)
    assert (packed.dtype, packed.ndim) == (np.uint8, 1)
    assert np.array_equal(unpack(packed, array.shape), array)


@given(st.binary(max_size=200))
def test_bytes_of_another_kind_are_refused(data):
    with pytest.raises(ValueError, match=r"content size|want 20 packed bytes"):
        unpack(np.frombuffer(data, dtype=np.uint8), (4, 5))


def test_what_is_altered_or_cut_short_or_of_another_size_is_refused():
    packed = pack(np.random.default_rng(0).integers(0, 3, (50, 70)).astype(np.uint8))
    with pytest.raises(ValueError, match="want 3550 packed bytes"):
        unpack(packed, (50, 71))
    with pytest.raises(ValueError, match=r"decompress"):
        unpack(packed[:-3], (50, 70))


def test_a_bomb_is_not_unfolded():
    bomb = zstandard.ZstdCompressor().compress(bytes(1 << 26))
    with pytest.raises(ValueError, match="want 20 packed bytes"):
        unpack(np.frombuffer(bomb, dtype=np.uint8), (4, 5))
    lie = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(1 << 26))
    with pytest.raises(ValueError, match="want 20 packed bytes"):
        unpack(np.frombuffer(lie, dtype=np.uint8), (4, 5))
