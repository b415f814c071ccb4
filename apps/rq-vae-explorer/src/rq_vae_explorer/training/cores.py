"""How many of the machine's cores training takes while a page is open."""

from __future__ import annotations

import os


def leave_a_core() -> None:
    """Let XLA use all cores but one, if called before JAX meets its device.

    A browser that draws on the last core makes XLA's threads wait for each other: on two cores
    training with an open page is half as fast again with one thread as with two.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    os.environ.setdefault("PJRT_NPROC", str(max(1, (cores or 2) - 1)))
