"""Starting where something is missing: it works all the same, or says what to mend."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import psutil

from faults.outcome import Tried
from faults.serving import private_environment, script, serving

_PATIENCE = 300  # seconds; a busy machine imports for long


def start(subject: ModuleType, count: int) -> Tried:
    """A port in use, no network, no home, no compiler; where it listens and whom it calls."""
    conditions = list(_PAGES if subject.COMMAND != "generate" else _COMMANDS)[:count]
    failures = []
    for name, check in conditions:
        problem = check(subject)
        if problem:
            failures.append(f"{name}: {problem}")
    told = ", ".join(name for name, _ in conditions)
    return Tried(count, tuple(failures), f"{told}: starts, or says what is missing")


def _port_in_use(subject: ModuleType) -> str:
    with socket.socket() as listener, tempfile.TemporaryDirectory() as home:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = str(listener.getsockname()[1])
        done = subprocess.run(
            [script(subject.COMMAND), "--no-browser", "--port", port],
            capture_output=True, text=True, timeout=_PATIENCE, env=private_environment(Path(home)),
        )  # fmt: skip
    lines = done.stderr.strip().splitlines()
    good = done.returncode == 1 and len(lines) == 1 and port in lines[0]
    return "" if good else f"exit code {done.returncode}: {done.stderr[-200:]!r}"


def _only_here(subject: ModuleType) -> str:
    with serving(subject.COMMAND) as server:
        listening = [
            connection.laddr.ip
            for connection in server.usage.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN
        ]
    return "" if set(listening) == {"127.0.0.1"} else f"it listens on {listening}"


def _calls_nobody(subject: ModuleType) -> str:
    """By strace where there is one: every connect() of the process and its children."""
    if not shutil.which("strace"):
        return "" if _without_network(subject) == "" else "no strace, and no start without network"
    with tempfile.TemporaryDirectory() as name:
        trace = Path(name) / "trace"
        flags = ["-f", "-qq", "-e", "trace=connect", "-o", str(trace)]
        with serving(subject.COMMAND, "strace", *flags):
            pass
        called = [line for line in trace.read_text().splitlines() if _leaves(line)]
    return f"{len(called)} connections: {called[0][:150]}" if called else ""


def _leaves(line: str) -> bool:
    here = ("127.0.0.1", '"::1"', "AF_UNIX", "AF_NETLINK", "AF_UNSPEC")
    return "connect(" in line and not any(word in line for word in here)


def _without_network(subject: ModuleType) -> str:
    if not _may_unshare():
        return ""
    page = f"{script(subject.COMMAND)} --no-browser --port 7860"
    probe = (
        "import sys,time,urllib.request\n"
        "for _ in range(600):\n"
        " try: urllib.request.urlopen('http://127.0.0.1:7860/config',timeout=60).read(); break\n"
        " except OSError: time.sleep(0.5)\n"
        "else: sys.exit(1)\n"
    )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        python = script("python")
        inner = f'ip link set lo up; {page} & {python} -c "$PROBE"; code=$?; kill %1; exit $code'
        done = subprocess.run(
            ["unshare", "-n", "bash", "-mc", inner], capture_output=True, text=True,
            timeout=2 * _PATIENCE, env={**private_environment(Path(home)), "PROBE": probe},
        )  # fmt: skip
    return "" if done.returncode == 0 else f"no page: {done.stderr[-200:]!r}"


def _may_unshare() -> bool:
    done = subprocess.run(["unshare", "-n", "ip", "link", "set", "lo", "up"], capture_output=True)
    return done.returncode == 0


def _bare_path(subject: ModuleType) -> str:
    """No compiler, no Chromium, no other program on the path."""
    with _environment({"PATH": "/nonexistent"}), serving(subject.COMMAND):
        return ""


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    kept = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in kept.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _draw(environment: dict[str, str], *wrapper: str) -> str:
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "picture.png"
        done = subprocess.run(
            [*wrapper, script("generate"), "a castle on a hill", "--seed", "1", "-o", str(out)],
            capture_output=True, text=True, timeout=_PATIENCE,
            env={**private_environment(Path(name)), **environment},
        )  # fmt: skip
        good = done.returncode == 0 and out.is_file() and "Traceback" not in done.stderr
    return "" if good else f"exit code {done.returncode}: {done.stderr[-200:]!r}"


_PAGES: tuple[tuple[str, Callable[[ModuleType], str]], ...] = (
    ("port in use", _port_in_use),
    ("listens on 127.0.0.1 alone", _only_here),
    ("calls nobody", _calls_nobody),
    ("no network", _without_network),
    ("no compiler and no Chromium", _bare_path),
)
_COMMANDS: tuple[tuple[str, Callable[[ModuleType], str]], ...] = (
    ("no compiler", lambda _: _draw({"PATH": "/nonexistent"})),
    ("no fast BLAS", lambda _: _draw({"SCENE_BLAS": "off"})),
    ("no network", lambda _: _draw({}, "unshare", "-n") if _may_unshare() else _draw({})),
)
