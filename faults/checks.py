"""Every check: its name, where it is, how often it tries in full and in `make test`, for whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from faults.outcome import Tried

SUBJECTS = {"rq-vae-explorer": "explorer", "scene": "scene", "distill": "distill"}
EXPLORER, SCENE, DISTILL = SUBJECTS


@dataclass(frozen=True)
class Check:
    """One line of the table for each of its apps.

    where: `module:function` in `faults`, called with the app's subject and a number of tries;
    full, quick: tries in `make faults` and in `make test`; a quick of 0 leaves it out there.
    """

    name: str
    where: str
    full: dict[str, int]
    quick: dict[str, int]

    def run(self, subject: ModuleType, count: int) -> Tried:
        """Try `count` times; imported only now, since checks need different libraries."""
        module, name = self.where.split(":")
        check: Callable[[ModuleType, int], Tried] = getattr(import_module(f"faults.{module}"), name)
        return check(subject, count)


def _all(count: int) -> dict[str, int]:
    return dict.fromkeys(SUBJECTS, count)


def _per_loader(count: int) -> dict[str, int]:
    return {EXPLORER: 3 * count, SCENE: 8 * count, DISTILL: 3 * count}


def _pages(count: int) -> dict[str, int]:
    return {EXPLORER: count, DISTILL: count}


# Writing commands times kinds of places; in short only the first command of scene.
_UNWRITABLE = {EXPLORER: 15, SCENE: 45, DISTILL: 35}
_FEW_UNWRITABLE = {SCENE: 5}

CHECKS: tuple[Check, ...] = (
    Check("kill -9 while saving", "saving:kill_while_saving", _all(200), _all(2)),
    Check("Ctrl-C, SIGTERM in training", "stopping:stop_training", _all(40), _all(2)),
    Check("mutated files at loaders", "hostile:mutated_files", _per_loader(1000), _per_loader(20)),
    Check("pickles at loaders", "hostile:pickles", _per_loader(30), _per_loader(3)),
    Check("sound files", "zoo.sounds:sounds", {DISTILL: 42}, {DISTILL: 12}),
    Check("damaged sound headers", "zoo.sounds:headers", {DISTILL: 5000}, {DISTILL: 100}),
    Check("codes files", "zoo.codes:codes", {DISTILL: 41}, {DISTILL: 41}),
    Check("picture files", "zoo.pictures:pictures", {SCENE: 34}, {SCENE: 17}),
    Check("prompts", "zoo.prompts:prompts", {SCENE: 26}, {SCENE: 6}),
    Check("settings files", "zoo.settings:scene_settings", {SCENE: 62}, {SCENE: 62}),
    Check("settings files", "zoo.settings:explorer_settings", {EXPLORER: 60}, {EXPLORER: 60}),
    Check("idx files", "zoo.datasets:idx_files", {EXPLORER: 33}, {}),
    Check("downloads and their cache", "zoo.datasets:download_cache", {EXPLORER: 17}, {}),
    Check("places that cannot be written", "outputs:unwritable", _UNWRITABLE, _FEW_UNWRITABLE),
    Check("exact resume", "retesting:exact_resume", {EXPLORER: 2, SCENE: 1, DISTILL: 3}, {}),
    Check("determinism", "retesting:determinism", {EXPLORER: 2, SCENE: 2, DISTILL: 1}, {}),
    Check("divergence", "retesting:divergence", {EXPLORER: 5, SCENE: 5, DISTILL: 3}, {}),
    Check("texts that are markup", "retesting:markup", _pages(2), {}),
    Check("hostile requests", "requests:hostile_requests", _pages(41), {}),
    Check("32 clients for a minute", "clients:many_clients", _pages(32), {}),
    Check("digits given to the page", "zoo.drawings:drawings", {EXPLORER: 54}, {}),
    Check("uploads", "uploads:uploads", _pages(17), {}),
    Check("tabs reloaded and closed", "reloading:reloaded", _pages(50), {}),
    Check("start conditions", "starting:start", {EXPLORER: 7, SCENE: 4, DISTILL: 6}, {}),
)


def table_order() -> list[tuple[str, str]]:
    """(app, check) of every row, in the order of the table."""
    return [(app, check.name) for check in CHECKS for app in check.full]


def counts(app: str, quick: bool) -> list[tuple[Check, int]]:
    """The checks of an app with the number of tries of each."""
    chosen = [(check, (check.quick if quick else check.full).get(app, 0)) for check in CHECKS]
    return [(check, count) for check, count in chosen if count]
