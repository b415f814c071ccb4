"""The `distill` command. Without a subcommand it serves the page; `distill --help` says the rest.

    uv run distill                                     # the page
    uv run distill encode song.flac -o song.json       # a sound as a table of codes
    uv run distill decode song.json -o again.wav       # and back
    uv run distill train my-sounds --out mine.distill --minutes 60

Heavy imports wait inside `distill.commands` until a command runs.
"""

import argparse
import sys
import warnings
from collections.abc import Sequence
from importlib.metadata import version
from typing import NoReturn

from distill.errors import DistillError, UsageError
from distill.signals import exit_code, heed_termination

EXIT_FAILURE, EXIT_USAGE = 1, 2


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_USAGE, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    args = build_parser().parse_args(argv)
    # A plain function where the stubs want all six arguments named.
    warnings.showwarning = _one_line  # pyrefly: ignore[bad-assignment]
    heed_termination()
    try:
        return args.run(args) or 0
    except UsageError as error:
        return _fail(str(error), EXIT_USAGE)
    except DistillError as error:
        return _fail(str(error))
    except KeyboardInterrupt as stop:
        print("distill: interrupted", file=sys.stderr)
        return exit_code(stop)
    except BrokenPipeError:
        sys.stderr.close()
        return EXIT_FAILURE
    except (OSError, MemoryError) as error:
        return _fail(f"{type(error).__name__}: {error}")


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = _Parser(
        prog="distill",
        description="Turn sound into a short table of codes that can be seen, heard and edited, "
        "and back. Without a command: open the page in a browser.",
        epilog="Every command has its own --help. Models are single .distill files; without -m "
        "the one that ships with distill is used.",
    )
    parser.add_argument("--version", action="version", version=f"distill {version('distill')}")
    parser.add_argument("--host", help="address to serve the page on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to serve the page on (default: 7860)")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    parser.set_defaults(run=_serve)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for add in (_add_train, _add_encode, _add_decode, _add_generate, _add_evaluate, _add_models):
        add(commands)
    return parser


def _add_train(commands: argparse._SubParsersAction) -> None:
    p = _command(commands, "train", "learn a model from a folder of sounds", _train)
    p.description = (
        "Learn a model from a folder of sounds (five minutes of them are enough): autoencoder, "
        "vocoder and prior, one after the other. Every eighth file is held out to judge by. "
        "Ctrl-C saves; --resume goes on exactly there."
    )
    p.add_argument("data", metavar="DATA_DIR", help="folder of sound files, subfolders included")
    p.add_argument("--out", "-o", required=True, metavar="MODEL.distill", help="model to write")
    length = p.add_mutually_exclusive_group()
    length.add_argument(
        "--minutes", type=float, default=60.0, metavar="M", help="time for it all (default: 60)"
    )
    length.add_argument(
        "--steps",
        type=int,
        nargs=3,
        metavar=("A", "V", "P"),
        help="instead: steps of autoencoder, vocoder, prior; repeats exactly, however fast the "
        "machine",
    )
    p.add_argument("--levels", type=int, default=4, choices=(2, 3, 4), help="(default: 4)")
    p.add_argument(
        "--codebook-size",
        default="auto",
        metavar="K",
        help="codes per level, 16 to 1024 (default: auto, 64 to 256 by the amount of sound)",
    )
    p.add_argument("--seed", type=int, default=0, help="of all chance in training (default: 0)")
    p.add_argument("--resume", action="store_true", help="go on with an interrupted training")
    p.add_argument("--name", default="", help="name of the model (default: that of the file)")
    p.add_argument("--licence", default="unknown", help="licence of the sounds, kept in the model")
    p.add_argument("--origin", default="unknown", help="origin of the sounds, kept in the model")


def _add_encode(commands: argparse._SubParsersAction) -> None:
    p = _command(commands, "encode", "turn a sound file into a table of codes", _encode)
    p.add_argument("audio", metavar="AUDIO", help="sound file of any kind and length")
    p.add_argument("--out", "-o", required=True, metavar="CODES.json", help="file to write")
    _add_model(p)


def _add_decode(commands: argparse._SubParsersAction) -> None:
    p = _command(commands, "decode", "turn a table of codes into sound", _decode)
    p.add_argument("codes", metavar="CODES.json", help="written by `distill encode`")
    p.add_argument("--out", "-o", required=True, metavar="OUT.wav", help="sound file to write")
    _add_model(p)


def _add_generate(commands: argparse._SubParsersAction) -> None:
    p = _command(commands, "generate", "let the model write new sound", _generate)
    p.add_argument("--out", "-o", required=True, metavar="OUT.wav", help="sound file to write")
    p.add_argument("--seconds", type=float, default=8.0, metavar="S", help="(default: 8)")
    p.add_argument("--seed", type=int, default=0, help="the same seed writes the same sound")
    level = "one number, or one per level, coarsest first"
    p.add_argument(
        "--temperature", type=float, nargs="+", default=[1.0], metavar="T",
        help=f"0 is the likeliest, 1 as learnt, more is wilder; {level} (default: 1.0)",
    )  # fmt: skip
    p.add_argument(
        "--top-k", type=int, nargs="+", default=[0], metavar="K",
        help=f"choose among the K likeliest codes, 0 for all; {level} (default: 0)",
    )  # fmt: skip
    p.add_argument(
        "--top-p", type=float, nargs="+", default=[0.95], metavar="P",
        help=f"choose among the likeliest codes that make up this share; {level} (default: 0.95)",
    )  # fmt: skip
    _add_model(p)


def _add_evaluate(commands: argparse._SubParsersAction) -> None:
    p = _command(commands, "evaluate", "measure a model on a folder of sounds", _evaluate)
    p.description = (
        "Encode and decode every file and measure what came back. Medians are over files that "
        "the model was not trained on (known by their SHA-256). Where opus-tools are installed, "
        "Opus stands beside."
    )
    p.add_argument("data", metavar="DIR", help="folder of sound files")
    p.add_argument("--held-out", action="store_true", help="only files that training held out")
    p.add_argument("--json", metavar="FILE", help="write all figures, file by file, as JSON")
    _add_model(p)


def _add_models(commands: argparse._SubParsersAction) -> None:
    p = _command(commands, "models", "list models with origin, licence and figures", _models)
    p.add_argument("folder", nargs="?", metavar="DIR", help="folder to list beside the shipped")


def _command(
    commands: argparse._SubParsersAction, name: str, summary: str, run: object
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name, help=summary, description=f"{summary[0].upper()}{summary[1:]}."
    )
    parser.set_defaults(run=run)
    return parser


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model", "-m", metavar="MODEL", help="a .distill file (default: the shipped one)"
    )


def _serve(args: argparse.Namespace) -> int:
    from distill.ui.app import main as serve

    serve(host=args.host, port=args.port, open_browser=not args.no_browser)
    return 0


def _train(args: argparse.Namespace) -> int:
    from distill.commands.train import run

    return run(args)


def _encode(args: argparse.Namespace) -> int:
    from distill.commands.convert import run_encode

    return run_encode(args)


def _decode(args: argparse.Namespace) -> int:
    from distill.commands.convert import run_decode

    return run_decode(args)


def _generate(args: argparse.Namespace) -> int:
    from distill.commands.generate import run

    return run(args)


def _evaluate(args: argparse.Namespace) -> int:
    from distill.commands.evaluate import run

    return run(args)


def _models(args: argparse.Namespace) -> int:
    from distill.commands.models import run

    return run(args)


def _fail(message: str, code: int = EXIT_FAILURE) -> int:
    print(f"distill: {message}", file=sys.stderr)
    return code


def _one_line(message: Warning | str, *_: object) -> None:
    print(f"distill: {message}", file=sys.stderr)
