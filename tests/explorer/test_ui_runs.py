"""The shared run, its private forks, and the endpoints that browsers reach them by."""

import json
import time

import numpy as np
import pytest

from rq_vae_explorer.training.trainer import Trainer
from rq_vae_explorer.ui.endpoints import answer_act, answer_part
from rq_vae_explorer.ui.runs import MOST_FORKS, SHARED, Runs


@pytest.fixture
def shared():
    trainer = Trainer(num_codes=4, batch_size=8, seed=5)
    yield trainer
    trainer.close()


def test_a_fork_before_training_has_the_settings_of_the_shared_run(shared):
    runs = Runs(shared)
    fork = runs.run(runs.fork())
    assert fork is not shared
    assert fork.config == shared.config
    fork.close()


@pytest.mark.slow
def test_a_fork_is_a_copy_that_goes_its_own_way(shared):
    shared.step_once(2)
    runs = Runs(shared)
    fork = runs.run(runs.fork())
    np.testing.assert_array_equal(fork.snapshot().view.codebook, shared.snapshot().view.codebook)
    fork.step_once(3)
    assert (fork.snapshot().step, shared.snapshot().step) == (5, 2)
    fork.close()


def test_forks_are_bounded_and_places_come_free_when_tabs_are_gone(shared):
    runs = Runs(shared, lease_seconds=3600)
    tokens = [runs.fork() for _ in range(MOST_FORKS)]
    assert len(set(tokens)) == MOST_FORKS
    with pytest.raises(ValueError, match="are taken"):
        runs.fork()
    for token in tokens:
        runs.seat(token).last_seen -= 7200
    runs.end_abandoned()
    with pytest.raises(ValueError, match="has ended"):
        runs.run(tokens[0])
    assert runs.run(SHARED) is shared
    runs.run(runs.fork()).close()


def test_an_abandoned_fork_ends_without_anybody_asking(shared):
    runs = Runs(shared, lease_seconds=0.2)
    token = runs.fork()
    seat = runs.seat(token)
    deadline = time.monotonic() + 30
    while token in runs.tokens() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert token not in runs.tokens()
    with pytest.raises(RuntimeError, match="closed"):
        seat.run.start()


@pytest.mark.parametrize(
    "request_",
    [
        None,
        [],
        "frame",
        {},
        {"part": "secret"},
        {"part": ["frame"]},
        {"part": "frame", "have": 3},
        {"part": "frame", "run": 3},
    ],
)
def test_a_bad_request_for_a_part_is_refused(shared, request_):
    answer = answer_part(Runs(shared), request_)
    assert answer.status_code == 400
    assert b"error" in answer.body


def test_a_part_of_an_unknown_run_says_that_it_has_ended(shared):
    answer = answer_part(Runs(shared), {"part": "frame", "run": "guess"})
    assert "has ended" in json.loads(answer.body)["error"]
    assert "has ended" in answer_act(Runs(shared), {"do": "kill", "run": "guess"})["error"]


def test_a_good_request_is_answered_with_the_part(shared):
    answer = answer_part(Runs(shared), {"part": "frame", "have": "", "run": SHARED})
    assert answer.status_code == 200
    assert json.loads(answer.body)["step"] == 0


@pytest.mark.parametrize("request_", [None, 3, {"do": "fork", "run": 5}, {"do": "nothing"}])
def test_a_bad_action_is_refused(shared, request_):
    assert "error" in answer_act(Runs(shared), request_)
