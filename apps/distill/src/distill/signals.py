"""A polite kill (SIGTERM) ends a command as Ctrl-C does, with an exit code of its own."""

import signal
import threading
from types import FrameType
from typing import NoReturn

EXIT_INTERRUPTED, EXIT_TERMINATED = 130, 143  # 128 + the signal's number, as shells count


class Terminated(KeyboardInterrupt):
    """SIGTERM arrived."""


def heed_termination() -> None:
    """Let SIGTERM raise `Terminated` in the main thread."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _terminate)


def exit_code(stop: KeyboardInterrupt) -> int:
    """130 after Ctrl-C, 143 after SIGTERM."""
    return EXIT_TERMINATED if isinstance(stop, Terminated) else EXIT_INTERRUPTED


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise Terminated
