"""What one check tells, and the table that all of them make."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Tried:
    """What a check hands back.

    times: how many tries; failures: one line for each that went wrong; result: what surviving
    means, with figures where there are any.
    """

    times: int
    failures: tuple[str, ...]
    result: str


@dataclass(frozen=True)
class Outcome:
    """One line: `survived` of `tried` went as they should; `result` says what that means.

    failures: what went wrong, shortened.
    """

    app: str
    check: str
    tried: int
    survived: int
    result: str
    failures: tuple[str, ...] = ()

    @classmethod
    def of(cls, app: str, check: str, tried: Tried) -> Outcome:
        """The outcome of a check on an app."""
        survived = max(0, tried.times - len(tried.failures))
        return cls(app, check, tried.times, survived, tried.result, tried.failures)

    @property
    def good(self) -> bool:
        """Whether every try went as it should, and there was one."""
        return 0 < self.tried == self.survived

    def line(self) -> str:
        """One line for a terminal, and one for each of the first failures."""
        head = f"{self.app:16} {self.check:28} {self.survived:>5} / {self.tried:<5} {self.result}"
        return "\n".join([head, *(f"    {failure}" for failure in self.failures[:8])])

    def to_json(self) -> str:
        """As one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Outcome:
        """The outcome that `to_json` wrote."""
        fields = json.loads(text)
        return cls(**{**fields, "failures": tuple(fields["failures"])})


BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"
_ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| ([\d,]+) \| ([\d,]+) \| ([^|]+) \|$", re.MULTILINE)


def table(outcomes: Iterable[Outcome]) -> str:
    """The Markdown table, between its marks."""
    rows = [
        f"| {o.app} | {o.check} | {o.tried:,} | {o.survived:,} | {o.result} |" for o in outcomes
    ]
    head = ["| app | what was tried | times | survived | result |", "|---|---|--:|--:|---|"]
    return "\n".join([BEGIN, *head, *rows, END])


def read_table(page: str) -> list[Outcome]:
    """The rows that a page has. Raises ValueError where the marks are missing."""
    _, _, rest = page.partition(BEGIN)
    inside, found, _ = rest.partition(END)
    if not found:
        raise ValueError(f"the page has no {BEGIN} ... {END}")
    return [
        Outcome(app, check, _number(tried), _number(survived), result)
        for app, check, tried, survived, result in _ROW.findall(inside)
        if app != "app"
    ]


def _number(text: str) -> int:
    return int(text.replace(",", ""))


def with_table(page: str, outcomes: Iterable[Outcome], order: list[tuple[str, str]]) -> str:
    """The page with these rows new, the other rows of `order` (app, check) as they were, and no
    others. Raises ValueError where the marks are missing."""
    rows = {(row.app, row.check): row for row in (*read_table(page), *outcomes)}
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    return before + table(rows[key] for key in order if key in rows) + after
