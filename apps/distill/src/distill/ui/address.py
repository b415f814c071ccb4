"""Where to serve: flags before environment before defaults. Imports nothing of gradio, which
itself stumbles over a bad `GRADIO_SERVER_PORT` when it is imported."""

import os
import socket
import sys
from dataclasses import dataclass
from typing import NoReturn

_HERE = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True)
class Address:
    """Host and port to bind; without a port Gradio looks for a free one from 7860 on when the page
    is ready: one that is free now may have gone to another page by then."""

    host: str
    port: int | None

    @property
    def only_here(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host in _HERE


def choose_address(host: str | None, port: int | None) -> Address:
    """An address that can be used; without any wish 127.0.0.1 and no port.

    Exits with 2 for a port that is no port and with 1 for one that is taken, with one line.
    """
    name = host or os.environ.get("GRADIO_SERVER_NAME") or "127.0.0.1"
    wish = str(port) if port is not None else os.environ.get("GRADIO_SERVER_PORT")
    if not wish:
        if not _is_free(name, 0):
            end(1, f"{name} is no address of this machine; choose another with --host")
        return Address(name, None)
    if not wish.isascii() or not wish.isdigit() or not 0 < int(wish) < 65536:
        end(2, f"a port is a number from 1 to 65535, not {wish!r}")
    if not _is_free(name, int(wish)):
        end(1, f"port {wish} on {name} cannot be used; choose another with --port")
    return Address(name, int(wish))


def _is_free(host: str, port: int) -> bool:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError:
        return False
    return True


def end(code: int, line: str) -> NoReturn:
    """One line and the exit code."""
    print(f"distill: {line}", file=sys.stderr)
    raise SystemExit(code)
