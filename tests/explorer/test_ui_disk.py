"""A disk with no room: the page says so, the run goes on."""

import tempfile

import gradio as gr
import pytest

from rq_vae_explorer.training.trainer import Trainer
from rq_vae_explorer.ui.app import _do
from rq_vae_explorer.ui.exports import import_run
from rq_vae_explorer.ui.hands import Hands


@pytest.fixture
def no_room(monkeypatch):
    """No file can be made in the folder for temporary files."""

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "mkdtemp", fail)


def test_an_export_that_cannot_be_packed_is_told_in_one_line(no_room):
    run = Trainer(num_codes=4)
    told = Hands(run).act({"do": "export", "what": "run"})
    assert told == {"error": "a file cannot be written: No space left on device"}
    run.close()


def test_an_import_that_cannot_be_unpacked_is_told_in_one_line(no_room, tmp_path):
    run = Trainer(num_codes=4)
    with pytest.raises(gr.Error, match="No space left on device"):
        _do(lambda: import_run(run, tmp_path / "run.zip"))
    run.close()
