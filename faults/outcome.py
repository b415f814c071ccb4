"""What one check tells, and the table that all of them make."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


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

    @property
    def good(self) -> bool:
        """Whether every try went as it should, and there was one."""
        return 0 < self.tried == self.survived

    def line(self) -> str:
        """One line for a terminal."""
        head = f"{self.app:16} {self.check:24} {self.survived:>5} / {self.tried:<5} {self.result}"
        return "\n".join([head, *(f"    {failure}" for failure in self.failures[:5])])

    def to_json(self) -> str:
        """As one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Outcome:
        """The outcome that `to_json` wrote."""
        fields = json.loads(text)
        return cls(**{**fields, "failures": tuple(fields["failures"])})


BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"


def table(outcomes: list[Outcome]) -> str:
    """The Markdown table, between its marks."""
    rows = [
        f"| {o.app} | {o.check} | {o.tried:,} | {o.survived:,} | {o.result} |" for o in outcomes
    ]
    head = ["| app | what was tried | times | survived | result |", "|---|---|--:|--:|---|"]
    return "\n".join([BEGIN, *head, *rows, END])


def with_table(page: str, outcomes: list[Outcome]) -> str:
    """The page with its table replaced. Raises ValueError where the marks are missing."""
    before, _, rest = page.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"the page has no {BEGIN} ... {END}")
    return before + table(outcomes) + after
