"""Uploads that no page sends: too large, torn, lying about themselves. Nothing of them stays."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from faults.outcome import Tried
from faults.serving import Server, serving

_BOUNDARY = "----faults"
_TYPE = f"multipart/form-data; boundary={_BOUNDARY}"
_MOST_EXTRA_MEMORY = 150 * 2**20  # bytes; a file of a few hundred megabytes must not fit in
_BLOCK = bytes(2**20)
_END = f"\r\n--{_BOUNDARY}--\r\n".encode()


@dataclass(frozen=True)
class _Upload:
    """What is sent, and whether it must be refused. length: what the header claims."""

    body: Callable[[], Iterator[bytes]]
    kind: str = _TYPE
    length: int | None = None
    refused: bool = True


def _part(name: str, content: bytes = b"x", field: str = "files") -> bytes:
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
    return head.encode("utf-8", "surrogateescape") + b"\r\n" + content


def _whole(name: str) -> Callable[[], Iterator[bytes]]:
    return lambda: iter([_part(name) + _END])


def _plain(content: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: iter([content])


def _endless(megabytes: int) -> Callable[[], Iterator[bytes]]:
    def send() -> Iterator[bytes]:
        yield _part("large.zip", b"")
        for _ in range(megabytes):
            yield _BLOCK
        yield _END

    return send


def _uploads(limit: int) -> dict[str, _Upload]:
    """`limit`: megabytes that the page takes."""
    odd = (
        "../../../../outside",
        "..\\..\\outside",
        "/etc/outside",
        "a\0b",
        "x" * 5000,
        "\u202egpj",
        "",
    )
    many = b"".join(_part(f"{n}.bin") + b"\r\n" for n in range(3000))
    return {
        "beyond the limit, in pieces": _Upload(_endless(limit + 2)),
        "beyond the limit, by its length": _Upload(
            _endless(limit + 2), length=10 * 2**40
        ),
        "torn off": _Upload(_plain(_part("torn.zip", bytes(1000))), length=10**6),
        "no boundary": _Upload(_plain(_part("a")), kind="multipart/form-data"),
        "another boundary": _Upload(_plain(_part("a")), kind=f"{_TYPE}other"),
        "JSON": _Upload(_plain(b"{}"), kind="application/json"),
        "empty": _Upload(_plain(b""), refused=False),
        "no kind": _Upload(_plain(b"x"), kind=""),
        "a header of a megabyte": _Upload(
            _plain(f"--{_BOUNDARY}\r\nX: {'x' * 10**6}\r\n\r\nx".encode() + _END)
        ),
        "3,000 files": _Upload(_plain(many + _END)),
        **{f"a file called {name[:24]!r}": _Upload(_whole(name), refused=False) for name in odd},
    }  # fmt: skip


def uploads(subject: ModuleType, count: int) -> Tried:
    """Each to the page's address for uploads, as a program would send it."""
    failures = []
    with serving(subject.COMMAND) as server:
        subject.state(server)  # what it loads at its first use is not an upload's doing
        kept = _files(server)
        chosen = list(_uploads(subject.UPLOAD_MEGABYTES).items())[:count]
        for name, upload in chosen:
            memory = server.usage.memory_info().rss
            status, sent = _send(server, upload)
            grown = server.usage.memory_info().rss - memory
            told = _problem(server, upload, status, grown, sent)
            if told:
                failures.append(f"{name}: {told}")
            if upload.refused:
                left = _files(server) - kept
                if left:
                    failures.append(f"{name}: it left {sorted(left)[:2]}")
                for path in left:
                    Path(path).unlink()
            else:
                kept = _files(server)
    result = (
        f"beyond {subject.UPLOAD_MEGABYTES} MB cut off; torn and odd ones refused; no file outside "
        "the folder for uploads, nothing refused kept, memory bounded"
    )
    return Tried(len(chosen), tuple(failures), result)


def _files(server: Server) -> set[str]:
    return {str(p) for p in (Path(server.home) / "uploads").rglob("*") if p.is_file()}


def _problem(server: Server, upload: _Upload, status: int, grown: int, sent: int) -> str:
    if list(Path(server.home).parent.glob("outside*")) or Path("/etc/outside").exists():
        return "a file outside of the folder for uploads"
    if upload.refused and 200 <= status < 300:
        return f"taken, {sent / 2**20:.0f} MB"
    if status >= 500:
        return f"status {status}"
    if grown > _MOST_EXTRA_MEMORY:
        return f"memory grew by {grown / 2**20:.0f} MiB"
    server.get("/config")
    return ""


def _send(server: Server, upload: _Upload) -> tuple[int, int]:
    """Status, 0 where the server hung up; bytes that it took."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    sent = 0
    try:
        connection.putrequest("POST", "/gradio_api/upload")
        if upload.kind:
            connection.putheader("Content-Type", upload.kind)
        if upload.length is None:
            connection.putheader("Transfer-Encoding", "chunked")
        else:
            connection.putheader("Content-Length", str(upload.length))
        connection.endheaders()
        for block in upload.body():
            chunk = b"%x\r\n%s\r\n" % (len(block), block) if upload.length is None else block
            if block:
                connection.send(chunk)
                sent += len(block)
        if upload.length is None:
            connection.send(b"0\r\n\r\n")
        else:
            assert connection.sock is not None
            connection.sock.shutdown(socket.SHUT_WR)
        return connection.getresponse().status, sent
    except (OSError, http.client.HTTPException):
        return 0, sent
    finally:
        connection.close()
