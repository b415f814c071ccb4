"""What every command shares: version, exit codes, one-line errors. Imports nothing heavy."""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import NoReturn

from scene.errors import SceneError, UsageError, reason
from scene.signals import exit_code, heed_termination

EXIT_FAILURE = 1
EXIT_USAGE = 2
LARGEST_SEED = 2**63 - 1


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_USAGE, f"{self.prog}: {message} (see {self.prog} --help)\n")


def create_parser(name: str, description: str, epilog: str = "") -> argparse.ArgumentParser:
    """A parser with `--version`, whose help keeps the line breaks of its examples."""
    parser = _Parser(
        prog=name,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"{name} (scene {version('scene')})")
    return parser


def run_command(
    parser: argparse.ArgumentParser,
    action: Callable[[argparse.Namespace], None],
    argv: Sequence[str] | None,
) -> int:
    """Parse, act, and turn failures into exit codes: 0 done, 1 failed, 2 usage, 130 Ctrl-C,
    143 SIGTERM."""
    arguments = parser.parse_args(argv)
    heed_termination()
    try:
        action(arguments)
    except SceneError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return EXIT_USAGE if isinstance(error, UsageError) else EXIT_FAILURE
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"{parser.prog}: {where}{reason(error)}", file=sys.stderr)
        return EXIT_FAILURE
    except KeyboardInterrupt as stop:
        print(f"{parser.prog}: interrupted", file=sys.stderr)
        return exit_code(stop)
    return 0


def seed_number(text: str) -> int:
    """argparse type: a seed, which MLX's random keys take from 0 to 2^63 - 1."""
    value = _whole_number(text)
    if not 0 <= value <= LARGEST_SEED:
        raise argparse.ArgumentTypeError("must be 0 to 2^63 - 1")
    return value


def positive_float(text: str) -> float:
    """argparse type: a number above 0."""
    value = _number(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError("must be above 0")
    return value


def share(text: str) -> float:
    """argparse type: a part of the whole, from 0 to 1."""
    value = _number(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("must be 0 to 1")
    return value


def positive_int(text: str) -> int:
    """argparse type: a whole number of at least 1."""
    value = _whole_number(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def _whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
