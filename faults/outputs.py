"""Outputs that cannot be written: what was there before stays, and one line says why."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from types import ModuleType

from faults import commands
from faults.disks import Place, full, may_mount, read_only, small_disk
from faults.outcome import Tried

_LONGEST = 60.0  # seconds of work: trainings are among the commands


@dataclass(frozen=True)
class Writer:
    """A command that writes.

    name: as the table and failures call it; main: its entry; arguments(out): to write `out`,
    replacing what is there; out: the name of what it writes, a file or a folder; folder: which;
    logs: patterns of files inside that may have grown or begun anew.
    """

    name: str
    main: commands.Main
    arguments: Callable[[Path], list[str]]
    out: str
    folder: bool = False
    logs: tuple[str, ...] = ()

    def run(self, out: Path) -> commands.Ran:
        """Write `out`."""
        return commands.run(self.main, self.arguments(out))

    def may_change(self, name: str) -> bool:
        """Whether a file of this name is one of the logs."""
        return any(fnmatch(name, pattern) for pattern in self.logs)


def unwritable(subject: ModuleType, count: int) -> Tried:
    """Every writing command of the app into every kind of place where it cannot write."""
    failures: list[str] = []
    conditions = [c for c in _CONDITIONS if c is not _on_a_read_only_disk or may_mount()]
    with tempfile.TemporaryDirectory() as name:
        writers = subject.writers(Path(name))
        pairs = [(writer, condition) for writer in writers for condition in conditions][:count]
        for writer, condition in pairs:
            with tempfile.TemporaryDirectory() as place:
                told = condition(writer, Path(place))
            if told:
                words = condition.__name__.strip("_").replace("_", " ")
                failures.append(f"{writer.name} {words}: {told}"[:300])
    disk = "a full disk" if may_mount() else "files that may not grow"
    result = (
        f"{', '.join(w.name for w in writers)}: {disk}, a read-only one, missing folders, files "
        "in their place; what was there stays, one line, before the work where it can be known"
    )
    return Tried(len(pairs), tuple(failures), result)


def _on_a_full_disk(writer: Writer, folder: Path) -> str:
    with small_disk(folder) as place:
        out = place.folder / writer.out
        told = writer.run(out).problem((0,), _LONGEST)
        if told:
            return f"it does not write at all: {told}"
        before = _contents(place.folder)
        with full(place):
            ran = writer.run(out)
        return ran.problem((1,), _LONGEST) or _last_line(ran) or _changed(before, place, writer)


def _on_a_read_only_disk(writer: Writer, folder: Path) -> str:
    with small_disk(folder) as place:
        out = place.folder / writer.out
        writer.run(out)
        before = _contents(place.folder)
        with read_only(place):
            ran = writer.run(out)
        return ran.problem((1,), _LONGEST) or _at_once(ran) or _changed(before, place, writer)


def _under_a_file(writer: Writer, folder: Path) -> str:
    (folder / "file").write_text("a file")
    before = _contents(folder)
    ran = writer.run(folder / "file" / writer.out)
    return ran.problem((1, 2)) or _at_once(ran) or _changed(before, Place(folder), writer)


def _in_a_missing_folder(writer: Writer, folder: Path) -> str:
    out = folder / "not" / "there" / writer.out
    ran = writer.run(out)
    if ran.code == 0:
        return ran.problem() or ("" if out.exists() else "it says that it wrote, but did not")
    problem = ran.problem((1, 2)) or _at_once(ran)
    return problem or _changed({}, Place(folder), writer)


def _where_the_other_kind_is(writer: Writer, folder: Path) -> str:
    """A folder where a file belongs, a file where a folder belongs."""
    out = folder / writer.out
    if writer.folder:
        out.write_text("a file")
    else:
        (out / "inside").mkdir(parents=True)
    before = _contents(folder)
    ran = writer.run(out)
    return ran.problem((1, 2)) or _at_once(ran) or _changed(before, Place(folder), writer)


def _at_once(ran: commands.Ran) -> str:
    lines = ran.said.strip().splitlines()
    return "" if len(lines) == 1 and "\r" not in ran.said else f"not one line: {ran.said[-200:]!r}"


def _last_line(ran: commands.Ran) -> str:
    """Progress may stand before it; the reason is the last line."""
    lines = [line for line in ran.said.strip().splitlines() if line.strip()]
    words = ("space", "too large", "written", "write")
    return "" if any(word in lines[-1] for word in words) else f"no reason: {lines[-1]!r}"


def _contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def _changed(before: dict[str, bytes], place: Place, writer: Writer) -> str:
    """What became of the files that were there; logs may differ."""
    after = _contents(place.folder)
    names = [n for n in before.keys() | after.keys() if not writer.may_change(Path(n).name)]
    names = [n for n in names if before.get(n) != after.get(n) and n != place.ballast]
    return f"changed, lost or left behind: {sorted(names)[:4]}" if names else ""


_CONDITIONS: tuple[Callable[[Writer, Path], str], ...] = (
    _on_a_full_disk,
    _on_a_read_only_disk,
    _under_a_file,
    _in_a_missing_folder,
    _where_the_other_kind_is,
)
