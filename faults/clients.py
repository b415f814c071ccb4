"""Many visitors at once: no errors, answers in time, nobody sees what another one has."""

from __future__ import annotations

import threading
import time
from statistics import quantiles
from types import ModuleType

from faults.outcome import Tried
from faults.serving import serving

_SECONDS = 60.0


def many_clients(subject: ModuleType, count: int) -> Tried:
    """`count` visitors ask again and again for a minute, as pages do."""
    failures: list[str] = []
    times: list[float] = []
    with serving(subject.COMMAND) as server:
        visits = [subject.visitor(server, number) for number in range(count)]
        deadline = time.monotonic() + _SECONDS

        def visit(number: int) -> None:
            while time.monotonic() < deadline:
                started = time.monotonic()
                try:
                    problem = visits[number]()
                except Exception as error:  # anything that goes wrong is the finding
                    problem = f"{type(error).__name__}: {error}"[:200]
                times.append(time.monotonic() - started)
                if problem:
                    failures.append(f"client {number}: {problem}")
                    return

        threads = [threading.Thread(target=visit, args=(number,)) for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    cuts = quantiles(times, n=20)
    result = (
        f"{len(times):,} requests in a minute without an error; p50 {1000 * cuts[9]:.0f} ms, "
        f"p95 {1000 * cuts[18]:.0f} ms; nothing of another visitor seen"
    )
    return Tried(count, tuple(failures), result)
