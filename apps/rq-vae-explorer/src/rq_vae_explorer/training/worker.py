"""One thread that owns something, and a queue of commands for it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

Result = TypeVar("Result")
THREAD_NAME = "rq-vae-trainer"


class Job(Protocol):
    """What the worker does between commands; all of it is called in the worker's thread."""

    def patience(self) -> float | None:
        """Seconds to wait for a command before `carry_on`; None: wait for ever."""

    def carry_on(self) -> None:
        """One short stretch of work. Must not raise."""

    def shut(self) -> None:
        """Called once, at the end."""


class Worker:
    """Runs commands in the order in which they were sent, and the job in between.

    The thread starts with the first command, so that an unused worker costs nothing.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._commands: queue.Queue[tuple[Callable[[], Any] | None, Future[Any]]] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._closed = False

    def call(self, command: Callable[[], Result], wait: bool = True) -> Result:
        """Send a command; with `wait`, its result or its exception comes back here.

        Raises:
            RuntimeError: the worker was closed.
        """
        future: Future[Any] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("this trainer was closed")
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=THREAD_NAME, daemon=True)
                self._thread.start()
            self._commands.put((command, future))
        return future.result() if wait else None  # type: ignore[return-value]

    def close(self) -> None:
        """Let the commands sent so far finish, then end the thread; may be called twice."""
        with self._lock:
            if not self._closed and self._thread is not None:
                self._commands.put((None, Future()))
            self._closed = True
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        while True:
            try:
                command, future = self._commands.get(timeout=self._job.patience())
            except queue.Empty:
                self._job.carry_on()
                continue
            if command is None:
                self._job.shut()
                return
            try:
                future.set_result(command())
            except BaseException as error:
                future.set_exception(error)
