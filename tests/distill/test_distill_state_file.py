"""The file of an unfinished training: whole, or refused."""

import json

import pytest
import torch

from distill.errors import TrainingError
from distill.training.checkpoint import Checkpoint


@pytest.fixture
def path(tmp_path):
    tensors = {"module/w": torch.arange(64.0)}
    finished = {"autoencoder": {"w": torch.arange(32.0)}}
    state = Checkpoint({"seed": 0}, "vocoder", 3, 1.5, finished, tensors, {})
    state.save(tmp_path / "m.distill.state")
    return tmp_path / "m.distill.state"


def test_a_state_comes_back_whole(path):
    state = Checkpoint.load(path)
    assert (state.stage, state.step, state.run) == ("vocoder", 3, {"seed": 0})
    assert torch.equal(state.tensors["module/w"], torch.arange(64.0))
    assert torch.equal(state.finished["autoencoder"]["w"], torch.arange(32.0))


def test_one_flipped_bit_of_a_weight_is_refused(path):
    content = bytearray(path.read_bytes())
    content[-6] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(TrainingError, match="damaged"):
        Checkpoint.load(path)


def test_an_altered_header_is_refused(path):
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header["__metadata__"]["state"] = header["__metadata__"]["state"].replace('"step"', '"stop"')
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + content[8 + length :])
    with pytest.raises(TrainingError, match="damaged"):
        Checkpoint.load(path)
