"""The command line: serve the page (default), train without it, evaluate a trained run.

    rq-vae-explorer [--host H] [--port P] [--no-browser]
    rq-vae-explorer train --steps 2000 --seed 0 --out runs/first --json report.json
    rq-vae-explorer evaluate runs/first

Exit codes: 0 done, 1 failure (one line on stderr), 2 usage, 130 after Ctrl-C, 143 after
SIGTERM. JAX, Gradio and the rest are imported only when a command needs them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from rq_vae_explorer import __version__
from rq_vae_explorer.signals import exit_code, heed_termination

PROGRAM = "rq-vae-explorer"
_DATA_HELP = "bundled, mnist, fashion_mnist, kmnist, or a folder of idx files"

# Flag, setting, type, help: settings that have a flag of their own.
_SETTING_FLAGS: tuple[tuple[str, str, type, str], ...] = (
    ("--network", "network", str, "dense (default), patch, or conv"),
    ("--levels", "num_levels", int, "residual levels, 1 to 4 (default 2)"),
    ("--codes", "num_codes", int, "codes per level, 2 to 64 (default 16)"),
    ("--latent-dim", "latent_dim", int, "latent width, 2 to 32 (default 2)"),
    ("--quantizer", "quantizer", str, "codebook update: gradient (default), ema, or adam"),
    ("--batch-size", "batch_size", int, "images per step (default 64)"),
    ("--learning-rate", "learning_rate", float, "Adam rate of the networks (default 0.001)"),
    ("--seed", "seed", int, "seed of weights, batches and restarts (default 0)"),
    ("--data", "data", str, f"{_DATA_HELP} (default bundled)"),
)


class CommandError(Exception):
    """A failure (exit 1) told in one line."""


class UsageError(Exception):
    """A wrong option or setting (exit 2) told in one line."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    options = _parser().parse_args(arguments)
    heed_termination()
    try:
        return options.command(options)
    except UsageError as error:
        return _complain(error, 2)
    except CommandError as error:
        return _complain(error, 1)
    except KeyboardInterrupt as stop:
        print(f"{PROGRAM}: interrupted", file=sys.stderr)
        return exit_code(stop)
    except BrokenPipeError:
        return 1


def _complain(error: Exception, code: int) -> int:
    line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    print(f"{PROGRAM}: {line}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=PROGRAM,
        description="Train a residual-quantised VAE on handwritten digits, live in the browser. "
        "Without a command it serves the page on this machine.",
        epilog="Environment: GRADIO_SERVER_NAME and GRADIO_SERVER_PORT are the defaults of --host "
        "and --port; RQ_VAE_EXPLORER_CACHE is where downloads and compiled programs are kept.",
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    _add_serve_options(parser)
    parser.set_defaults(command=_serve)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    serve = commands.add_parser("serve", help="serve the page (the default)")
    # Suppressed: a value given before the command word must not be overwritten by a default.
    _add_serve_options(serve, argparse.SUPPRESS)
    serve.set_defaults(command=_serve)
    _add_train(commands)
    _add_evaluate(commands)
    return parser


def _add_serve_options(parser: argparse.ArgumentParser, default: Any = None) -> None:
    parser.add_argument("--host", default=default, help="address to bind (default 127.0.0.1)")
    parser.add_argument("--port", type=_port, default=default, help="port (default: a free one)")
    parser.add_argument(
        "--no-browser",
        action="store_true",
        default=False if default is None else default,
        help="do not open a browser window",
    )


def _add_train(commands: Any) -> None:
    train = commands.add_parser(
        "train",
        help="train without a page",
        description="Train to a number of steps with a progress bar, then report figures of the "
        "whole test split. The same settings and seed give the same figures. Settings: defaults, "
        "then --preset, then --config, then flags.",
    )
    train.set_defaults(command=_train)
    train.add_argument("--steps", type=_positive, help="train until this step (default 2000)")
    for flag, setting, kind, text in _SETTING_FLAGS:
        train.add_argument(flag, dest=setting, type=kind, help=text)
    train.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="any other setting, e.g. --set lambda_commit=0.5 (repeatable)",
    )
    train.add_argument("--preset", metavar="NAME", help="start from a preset, e.g. plan, collapse")
    train.add_argument("--config", type=Path, metavar="FILE.yaml", help="settings as YAML mapping")
    train.add_argument("--out", type=Path, metavar="RUN_DIR", help="save the run here")
    train.add_argument(
        "--resume", type=Path, metavar="RUN_DIR", help="continue a saved run, bit for bit"
    )
    train.add_argument("--json", type=Path, metavar="FILE", help="write the report here")


def _add_evaluate(commands: Any) -> None:
    evaluate = commands.add_parser(
        "evaluate",
        help="evaluate a saved run",
        description="Reconstruction error and codebook health of a saved run, on the test split "
        "of its own data or on any idx files.",
    )
    evaluate.set_defaults(command=_evaluate)
    evaluate.add_argument("run_dir", type=Path, metavar="RUN_DIR")
    evaluate.add_argument("--data", help=f"test split of: {_DATA_HELP} (default: the run's own)")
    evaluate.add_argument("--idx-images", type=Path, metavar="F", help="idx file of 28x28 images")
    evaluate.add_argument("--idx-labels", type=Path, metavar="F", help="idx file of their labels")
    evaluate.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")


def _whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def _positive(text: str) -> int:
    value = _whole_number(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not at least 1")
    return value


def _port(text: str) -> int:
    value = _whole_number(text)
    if not 0 <= value <= 65535:
        raise argparse.ArgumentTypeError(f"{value} is not a port (0 to 65535)")
    return value


def _serve(options: argparse.Namespace) -> int:
    from rq_vae_explorer.training.compile_cache import enable_compile_cache
    from rq_vae_explorer.training.cores import leave_a_core
    from rq_vae_explorer.ui.app import main as serve

    leave_a_core()
    enable_compile_cache()
    serve(options.host, options.port, not options.no_browser)
    return 0


def _train(options: argparse.Namespace) -> int:
    from rq_vae_explorer.config import split_settings
    from rq_vae_explorer.training.runs import load_run

    with _told_in_one_line():
        resume = load_run(options.resume) if options.resume else None
    if resume and (options.preset or options.config):
        raise UsageError("--resume continues with the run's own settings: no --preset, --config")
    settings = {**resume.config.model_dump(), **resume.hyper.model_dump()} if resume else {}
    changes = _settings(options)
    try:
        config, hyper = split_settings({**settings, **changes})
    except ValueError as error:
        raise UsageError(error) from None
    if resume and config != resume.config:
        fixed = [n for n in changes if n in type(config).model_fields]
        raise UsageError(f"{fixed[0]} cannot change in a resumed run")
    steps = options.steps or 2000
    if resume and steps < int(resume.arrays[".step"]):
        raise UsageError(f"the run is already at step {int(resume.arrays['.step'])}")
    out = options.out or options.resume
    _check_writable(out, options.json)

    from rq_vae_explorer.data import load_digits
    from rq_vae_explorer.training.compile_cache import enable_compile_cache
    from rq_vae_explorer.training.headless import train_headless

    with _told_in_one_line():
        digits = load_digits(config.data, lambda line: print(line, file=sys.stderr))
        enable_compile_cache()
        report = train_headless(config, hyper, digits, steps, out, resume)
    print(f"step {report.steps:,}, {report.steps_per_second:.0f} steps/s, {report.seconds:.0f} s")
    _print_figures(report.test)
    _write_json(options.json, report.as_json())
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    if (options.idx_images is None) != (options.idx_labels is None):
        raise UsageError("--idx-images and --idx-labels belong together")
    if options.idx_images is not None and options.data is not None:
        raise UsageError("--data and --idx-images exclude each other")
    _check_writable(None, options.json)

    from rq_vae_explorer.data import load_digits
    from rq_vae_explorer.data.idx import read_split
    from rq_vae_explorer.training.compile_cache import enable_compile_cache
    from rq_vae_explorer.training.engine import Engine
    from rq_vae_explorer.training.evaluation import evaluate
    from rq_vae_explorer.training.runs import load_run

    with _told_in_one_line():
        saved = load_run(options.run_dir)
        if options.idx_images is not None:
            images, _ = read_split(options.idx_images, options.idx_labels)
        else:
            images = load_digits(options.data or saved.config.data).test_images
        enable_compile_cache()
        engine = Engine(saved.config, images)
        engine.state = saved.restore(engine.state)
        figures = evaluate(engine, images)
    print(f"step {engine.step:,}, {figures.images:,} images")
    _print_figures(figures)
    _write_json(options.json, {"step": engine.step, "test": figures.as_json()})
    return 0


class _told_in_one_line:
    """Turns the known failures of a command into `CommandError`."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: Any, error: BaseException | None, _trace: Any) -> None:
        if error is None:
            return
        from rq_vae_explorer.data import DataError
        from rq_vae_explorer.training.engine import DivergedError
        from rq_vae_explorer.training.runs import RunError
        from rq_vae_explorer.training.sharding import DevicesError

        if isinstance(error, DataError | DevicesError | DivergedError | RunError):
            raise CommandError(error) from None


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    """Settings of preset, file, flags and --set, the later ones winning."""
    settings: dict[str, Any] = {}
    if options.preset:
        from rq_vae_explorer.training.presets import find_preset

        try:
            settings.update(find_preset(options.preset).settings)
        except ValueError as error:
            raise UsageError(error) from None
    if options.config:
        settings.update(_read_yaml(options.config))
    for _, name, _, _ in _SETTING_FLAGS:
        if getattr(options, name) is not None:
            settings[name] = getattr(options, name)
    for assignment in options.set:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise UsageError(f"--set wants NAME=VALUE, not {assignment!r}")
        settings[name] = value
    return settings


def _read_yaml(path: Path) -> dict[str, Any]:
    from ruamel.yaml import YAML, YAMLError

    try:
        content = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror or error}") from None
    except (YAMLError, UnicodeDecodeError, RecursionError) as error:
        where = getattr(error, "problem_mark", None)
        line = f" (line {where.line + 1})" if where else ""
        raise UsageError(f"{path} is not valid YAML{line}") from None
    if content is None:
        return {}
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise UsageError(f"{path} must hold a mapping of settings")
    return content


def _check_writable(out: Path | None, report: Path | None) -> None:
    """Find out before training that results can be written."""
    import os

    try:
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            if not os.access(out, os.W_OK):
                raise CommandError(f"cannot write to {out}")
        if report is not None and (report.is_dir() or not _may_hold_files(report.parent)):
            raise CommandError(f"cannot write {report}: no such folder, or not writable")
    except OSError as error:
        where = error.filename or out
        raise CommandError(f"cannot write to {where}: {error.strerror or error}") from None


def _may_hold_files(folder: Path) -> bool:
    import os

    return folder.is_dir() and os.access(folder, os.W_OK)


def _write_json(path: Path | None, content: dict[str, Any]) -> None:
    if path is None:
        return
    import json

    from rq_vae_explorer.training.runs import write_atomically

    try:
        write_atomically(path, (json.dumps(content, indent=2) + "\n").encode())
    except OSError as error:
        raise CommandError(f"cannot write {path}: {error.strerror or error}") from None


def _print_figures(test: Any) -> None:
    print(f"test MSE {test.recon_mse:.4f} (unquantised {test.unquantised_mse:.4f})")
    for level in test.levels:
        total = level.active + level.dead
        print(
            f"level {level.level}: {level.active}/{total} active, perplexity "
            f"{level.perplexity:.1f}, error {level.error:.4f} of var(z), MSE {level.recon_mse:.4f}"
        )
    print(
        f"{test.pairs_used}/{test.pairs} code tuples, {test.joint_entropy_bits:.2f} of "
        f"{test.nominal_bits:.0f} bits"
    )


if __name__ == "__main__":
    sys.exit(main())
