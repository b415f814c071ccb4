"""Disks that are full or read-only: told in one line, and nothing is left half done."""

import os

import pytest
from faults.disks import tiny_files

from distill.commands.checks import check_output
from distill.errors import DistillError
from distill.models.persistence import save_model
from distill.ui.endpoints import Request, endpoint
from distill.ui.library import ModelLibrary


def test_an_output_in_a_read_only_folder_is_refused_before_the_work(tmp_path, monkeypatch):
    check_output(str(tmp_path / "sound.wav"))
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(DistillError, match="is read-only"):
        check_output(str(tmp_path / "sound.wav"))


def test_an_import_that_finds_no_room_leaves_nothing_and_says_so(tiny, tmp_path):
    save_model(tmp_path / "mine.distill", tiny)
    library = ModelLibrary([], tmp_path / "models")

    def models_import(request: Request) -> dict:
        library.add(tmp_path / "mine.distill")
        return {}

    with tiny_files():
        told = endpoint(models_import)({"token": "1" * 32})
    assert told["error"].startswith("a file cannot be read or written: ")
    assert list((tmp_path / "models").iterdir()) == []
    assert endpoint(models_import)({"token": "1" * 32}) == {}
