"""Where the page is served: addresses, ports and their errors."""

import socket

import pytest

from distill.ui.address import choose_address


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    monkeypatch.delenv("GRADIO_SERVER_NAME", raising=False)
    monkeypatch.delenv("GRADIO_SERVER_PORT", raising=False)


def _refused(capsys, **wish) -> tuple[int, str]:
    with pytest.raises(SystemExit) as end:
        choose_address(**{"host": None, "port": None, **wish})
    (line,) = capsys.readouterr().err.splitlines()
    return end.value.code, line


def test_without_a_wish_the_port_is_left_until_the_page_is_ready():
    where = choose_address(None, None)
    assert (where.host, where.port, where.only_here) == ("127.0.0.1", None, True)


def test_a_taken_port_is_one_line(capsys):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = listener.getsockname()[1]
        code, line = _refused(capsys, port=taken)
    assert code == 1
    assert str(taken) in line
    assert "--port" in line


@pytest.mark.parametrize("port", ["many", "70000", "-1", "0"])
def test_a_port_that_is_none_is_a_usage_error(port, capsys, monkeypatch):
    monkeypatch.setenv("GRADIO_SERVER_PORT", port)
    assert _refused(capsys)[0] == 2


@pytest.mark.parametrize("port", [7860, None])
def test_an_address_of_another_machine_is_one_line(port, capsys):
    assert _refused(capsys, host="203.0.113.7", port=port)[0] == 1
