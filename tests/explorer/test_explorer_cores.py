"""How many cores the page leaves to the browser."""

import os

import pytest

from rq_vae_explorer.training.cores import leave_a_core


@pytest.mark.parametrize(("cores", "used"), [(1, "1"), (2, "1"), (8, "7")])
def test_the_page_leaves_one_core_to_the_browser(cores, used, monkeypatch):
    monkeypatch.setenv("PJRT_NPROC", "0")  # so that it is put back afterwards
    monkeypatch.delenv("PJRT_NPROC")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(cores), raising=False)
    leave_a_core()
    assert os.environ["PJRT_NPROC"] == used


def test_a_number_that_the_user_set_stays(monkeypatch):
    monkeypatch.setenv("PJRT_NPROC", "5")
    leave_a_core()
    assert os.environ["PJRT_NPROC"] == "5"
