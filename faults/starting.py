"""Starting where something is missing: it works all the same, or says what to mend."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import psutil

from faults.outcome import Tried
from faults.serving import private_environment, script, serving

_PATIENCE = 300  # seconds; a busy machine imports for long
_WATCHED = 5  # seconds after the start in which a connection would be noticed
_CALLS = (
    "import socket\n"
    "s = socket.socket(); s.setblocking(False)\n"
    "s.connect_ex(('192.0.2.1', 9))"  # an address that no host has (RFC 5737)
)


def start(subject: ModuleType, count: int) -> Tried:
    """A port in use, no network, no data, no compiler; where it listens and whom it calls.

    What this machine cannot take away (`unshare` wants root, `strace` is Linux's) is not counted.
    """
    conditions = list(_PAGES if subject.COMMAND != "generate" else _COMMANDS)[:count]
    tried = [(name, check) for name, check in conditions if _possible(check)]
    failures = []
    for name, check in tried:
        problem = check(subject)
        if problem:
            failures.append(f"{name}: {problem}")
    told = ", ".join(name for name, _ in tried)
    return Tried(len(tried), tuple(failures), f"{told}: starts, or says what is missing")


def _possible(check: Callable[[ModuleType], str]) -> bool:
    needs = {_calls_nobody: _may_trace, _without_network: _may_unshare, _offline: _may_unshare}
    return needs.get(check, lambda: True)()


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
    """By strace: every address that the process and its children connect or send to."""
    with tempfile.TemporaryDirectory() as name:
        trace = Path(name) / "trace"
        with serving(subject.COMMAND, *_strace(trace)) as server:
            server.get("/")
            time.sleep(_WATCHED)
        called = _leaving(trace)
    return f"{len(called)} connections: {called[0][:150]}" if called else ""


def _strace(trace: Path) -> list[str]:
    return ["strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg", "-o", str(trace)]


def _leaving(trace: Path) -> list[str]:
    lines = trace.read_text(errors="replace").splitlines()
    here = ('"127.0.0.1"', '"::1"')
    return [line for line in lines if "AF_INET" in line and not any(h in line for h in here)]


def _may_trace() -> bool:
    """Whether strace is there and sees a call that leaves this machine."""
    if not shutil.which("strace"):
        return False
    with tempfile.TemporaryDirectory() as name:
        trace = Path(name) / "trace"
        subprocess.run([*_strace(trace), sys.executable, "-c", _CALLS], check=True)
        return len(_leaving(trace)) == 1


def _without_network(subject: ModuleType) -> str:
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
    """No compiler, no Chromium, no other program on the path; a browser is asked for."""
    with _environment({"PATH": "/nonexistent"}), serving(subject.COMMAND, flags=()):
        return ""


def _without_data(subject: ModuleType) -> str:
    """Commands whose data are not there: exit code 1 and one line, each."""
    with tempfile.TemporaryDirectory() as name:
        told = [_refused(command, Path(name)) for command in subject.without_data(Path(name))]
    return "; ".join(problem for problem in told if problem)


def _refused(command: list[str], home: Path, *wrapper: str) -> str:
    program, *flags = command
    done = subprocess.run(
        [*wrapper, script(program), *flags], capture_output=True, text=True, cwd=home,
        timeout=_PATIENCE, env=private_environment(home),
    )  # fmt: skip
    lines = done.stderr.strip().splitlines()
    good = done.returncode == 1 and len(lines) == 1 and lines[0].startswith(f"{program}: ")
    return "" if good else f"{command}: exit code {done.returncode}: {done.stderr[-200:]!r}"


def _offline(subject: ModuleType) -> str:
    """A command that wants the network, without one."""
    with tempfile.TemporaryDirectory() as name:
        return _refused(subject.DOWNLOADS, Path(name), "unshare", "-n")


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


Condition = tuple[str, Callable[[ModuleType], str]]
_PAGES: tuple[Condition, ...] = (
    ("port in use", _port_in_use),
    ("listens on 127.0.0.1 alone", _only_here),
    ("calls nobody", _calls_nobody),
    ("no network", _without_network),
    ("no compiler and no browser", _bare_path),
    ("no data", _without_data),
    ("no network for a download", _offline),  # the explorer's alone
)
_COMMANDS: tuple[Condition, ...] = (
    ("no compiler", lambda _: _draw({"PATH": "/nonexistent"})),
    ("no fast BLAS", lambda _: _draw({"SCENE_BLAS": "off"})),
    ("no data", _without_data),
    ("no network", lambda _: _draw({}, "unshare", "-n")),
)
