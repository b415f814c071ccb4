"""Where the page is served: addresses, ports and their errors."""

import socket

import pytest

from rq_vae_explorer.training.trainer import Trainer
from rq_vae_explorer.ui.serve import serve


def _serve(**address):
    def untouched():
        raise AssertionError("the run was made although the page cannot be served")

    serve(untouched, untouched, open_browser=False, **address)


@pytest.fixture
def taken_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    monkeypatch.delenv("GRADIO_SERVER_NAME", raising=False)
    monkeypatch.delenv("GRADIO_SERVER_PORT", raising=False)


def _lines(capsys):
    return capsys.readouterr().err.splitlines()


def test_a_taken_port_is_one_line_and_exit_code_1(taken_port, capsys):
    with pytest.raises(SystemExit) as end:
        _serve(port=taken_port)
    assert end.value.code == 1
    (line,) = _lines(capsys)
    assert str(taken_port) in line
    assert "--port" in line


def test_the_port_of_the_environment_counts_too(taken_port, capsys, monkeypatch):
    monkeypatch.setenv("GRADIO_SERVER_PORT", str(taken_port))
    with pytest.raises(SystemExit) as end:
        _serve()
    assert end.value.code == 1
    assert len(_lines(capsys)) == 1


@pytest.mark.parametrize("port", ["many", "70000", "-1"])
def test_a_port_that_is_none_is_a_usage_error(port, capsys, monkeypatch):
    monkeypatch.setenv("GRADIO_SERVER_PORT", port)
    with pytest.raises(SystemExit) as end:
        _serve()
    assert end.value.code == 2
    assert len(_lines(capsys)) == 1


@pytest.mark.parametrize("port", [0, None])
def test_an_address_that_is_not_ours_is_one_line(port, capsys):
    with pytest.raises(SystemExit) as end:
        _serve(host="203.0.113.7", port=port)
    assert end.value.code == 1
    (line,) = _lines(capsys)
    assert "--host" in line


class _Page:
    """A page whose port is taken by the time it is ready."""

    def launch(self, server_port, **_):
        self.asked_for = server_port
        raise OSError("taken meanwhile")

    def close(self, verbose):
        self.closed = True


def test_a_free_port_is_looked_for_when_the_page_is_ready(capsys):
    page, trainer = _Page(), Trainer(num_codes=4, batch_size=8)
    with pytest.raises(SystemExit) as end:
        serve(lambda: trainer, lambda _: page, open_browser=False)
    assert page.asked_for is None
    assert page.closed
    assert end.value.code == 1
    (line,) = _lines(capsys)
    assert "--port" in line
