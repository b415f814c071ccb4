"""The tables of docs/benchmarks.md are those that the benchmarks write."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"
BLOCK = re.compile(r"<!-- ([a-z-]+): begin -->\n(.*?)<!-- \1: end -->", re.DOTALL)


@pytest.fixture
def report(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import report

    yield report
    sys.modules.pop("report")


def test_every_table_of_the_page_was_written_by_a_script():
    blocks = dict(BLOCK.findall(PAGE.read_text("utf-8")))
    scripts = {path.stem: path.read_text("utf-8") for path in (ROOT / "benchmarks").glob("*.py")}
    assert len(blocks) >= 8
    for name, text in blocks.items():
        assert f'"{name}"' in scripts[name.split("-")[0]], name
        about, empty, head, rule, *rows, last = text.split("\n")
        assert re.match(r"\d\d [A-Z][a-z]+ \d{4}, .*Python 3", about), name
        assert empty == last == ""
        assert rows
        assert {line.count("|") for line in (head, rule, *rows)} == {head.count("|")}, name


def test_publishing_replaces_one_table_and_nothing_else(report, tmp_path, monkeypatch):
    page = tmp_path / "benchmarks.md"
    marks = "<!-- a: begin -->\n{}<!-- a: end -->"
    page.write_text(f"before\n{marks.format('old')}\nafter\n<!-- b: begin -->\n<!-- b: end -->\n")
    monkeypatch.setattr(report, "PAGE", page)
    lines = report.table(("what", "s"), [("one", 1), ("two", None)])
    report.publish("a", "Here.", lines)
    table = "Here.\n\n| what | s |\n| --- | --- |\n| one | 1 |\n| two |  |\n"
    expected = f"before\n{marks.format(table)}\nafter\n<!-- b: begin -->\n<!-- b: end -->\n"
    assert page.read_text() == expected
    with pytest.raises(ValueError, match="has no <!-- c: begin"):
        report.publish("c", "Here.", lines)
