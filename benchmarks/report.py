"""Tables of the benchmarks: printed, and put into docs/benchmarks.md between their marks.

A script that is called with `--publish`, as `make bench` and `make bench-peers` do, replaces the
tables of that page with those that it has just measured.
"""

import argparse
import os
import platform
from collections.abc import Iterable, Sequence
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def parser(description: str) -> argparse.ArgumentParser:
    """A parser with the flag that all benchmarks have."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument(
        "--publish", action="store_true", help="also write the tables into docs/benchmarks.md"
    )
    return made


def machine(packages: Sequence[str] = ()) -> str:
    """Date, processor, cores, load, Python and the versions of what was measured."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [x for x in cpuinfo.read_text().splitlines() if x.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    found = [f"Python {platform.python_version()}"]
    for package in packages:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    today, load = f"{date.today():%d %B %Y}", f"{os.getloadavg()[0]:.1f}"
    return (
        f"{today}, {model}, {os.cpu_count()} cores, load {load} at the start; {', '.join(found)}."
    )


def header(columns: Sequence[str]) -> list[str]:
    """The two first lines of a Markdown table."""
    return [row(columns), row(["---"] * len(columns))]


def row(cells: Iterable[object]) -> str:
    """A line of a Markdown table; None is an empty cell."""
    return "| " + " | ".join("" if cell is None else str(cell) for cell in cells) + " |"


def table(columns: Sequence[str], rows: Iterable[Iterable[object]]) -> list[str]:
    """A Markdown table, printed line by line as it comes."""
    lines = header(columns)
    print("\n" + "\n".join(lines), flush=True)
    for cells in rows:
        lines.append(row(cells))
        print(lines[-1], flush=True)
    return lines


def publish(name: str, about: str, lines: Sequence[str]) -> None:
    """Put a line about the machine and a table between the marks of `name`.

    Raises ValueError if the page has no such marks.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    text = PAGE.read_text("utf-8")
    if begin not in text or end not in text:
        raise ValueError(f"{PAGE} has no {begin} ... {end}")
    before, _, rest = text.partition(begin)
    after = rest.partition(end)[2]
    PAGE.write_text("\n".join([before + begin, about, "", *lines, end]) + after, "utf-8")
    print(f"{name}: written to {PAGE.name}")
