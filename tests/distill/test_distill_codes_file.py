"""Codes files: what goes in comes out, and nothing else gets in."""

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from distill.errors import CodesError
from distill.inference import MelShape
from distill.inference.codes_file import (
    codes_file_of,
    encoded_of,
    parse_codes,
    read_codes_file,
    write_codes_file,
)


def encoded(loaded, table: list[list[int]], samples: int | None = None):
    columns = len(table)
    samples = samples or columns * 1024
    return {
        "indices": torch.tensor(table)[None],
        "spatial_shape": (1, columns),
        "mel_shape": MelShape(128, -(-samples // 256), samples),
        "num_quantizers": 4,
        "codebook_size": 16,
        "duration_s": samples / 48_000,
        "num_samples": samples,
        "model_id": loaded.model_id,
    }


column = st.lists(st.integers(-1, 15), min_size=4, max_size=4)


@given(table=st.lists(column, min_size=1, max_size=30), name=st.text(max_size=20))
def test_writing_and_reading_gives_the_same_codes(tiny, tmp_path_factory, table, name):
    path = tmp_path_factory.mktemp("codes") / "codes.json"
    before = encoded(tiny, table)
    write_codes_file(path, codes_file_of(before, tiny, name))
    codes = read_codes_file(path)
    after = encoded_of(codes, tiny)
    assert torch.equal(after.pop("indices"), before.pop("indices"))
    assert after == before
    assert after["mel_shape"].num_samples == before["num_samples"]
    assert codes.source == name
    assert codes.columns_per_second == 46.875
    assert codes.level_labels == ["Structure", "Timbre", "Texture", "Detail"]


def good(loaded) -> dict:
    codes = codes_file_of(encoded(loaded, [[0, 1, 2, 3], [4, 5, -1, 7]]), loaded)
    return json.loads(json.dumps({f: getattr(codes, f) for f in codes.__dataclass_fields__}))


def test_codes_of_another_model_are_refused(tiny):
    other = good(tiny) | {"model_id": "0123456789abcdef"}
    with pytest.raises(CodesError, match="0123456789abcdef"):
        encoded_of(parse_codes(json.dumps(other)), tiny)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"format": "other"},
        {"indices": [[0, 99], [1, 5], [2, -1], [3, 7]]},
        {"indices": [[0, -2], [1, 5], [2, -1], [3, 7]]},
        {"indices": [[0, 4], [1, 5], [2, -1]]},
        {"indices": [[0], [1], [2], [3]]},
        {"indices": [[0, 4.5], [1, 5], [2, -1], [3, 7]]},
        {"indices": [[0, "4"], [1, 5], [2, -1], [3, 7]]},
        {"indices": [[0, True], [1, 5], [2, -1], [3, 7]]},
        {"indices": None},
        {"spatial_shape": [1, 3]},
        {"spatial_shape": [2]},
        {"mel_shape": [128, -1]},
        {"num_samples": 0},
        {"duration_s": float("inf")},
        {"model_id": "../../etc/passwd"},
        {"codebook_size": 10**9},
        {"extra": 1},
    ],
)
def test_a_wrong_field_is_named_in_one_line(tiny, change):
    text = json.dumps(good(tiny) | change)
    with pytest.raises(CodesError) as caught:
        parse_codes(text)
    message = str(caught.value)
    assert "\n" not in message
    assert next(iter(change)) in message or "levels" in message or "codes" in message


@given(st.binary(max_size=200))
def test_anything_else_is_refused_without_a_traceback(text):
    with pytest.raises(CodesError):
        parse_codes(text)


@pytest.mark.parametrize("text", ["", "[", "{}", "null", "[" * 100_000, '{"a":' * 5000, "NaN"])
def test_hostile_text_is_refused(text):
    with pytest.raises(CodesError):
        parse_codes(text)


def test_cut_short_at_any_place_is_refused(tiny):
    text = json.dumps(good(tiny))
    for end in range(0, len(text), 7):
        with pytest.raises(CodesError):
            parse_codes(text[:end])


def test_missing_files_and_folders_are_refused(tmp_path, tiny):
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(CodesError):
            read_codes_file(path)
    with pytest.raises(CodesError):
        write_codes_file(tmp_path / "nowhere" / "a.json", parse_codes(json.dumps(good(tiny))))
