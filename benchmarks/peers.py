"""The apps beside their peers in one run, ahead or not; the table goes into docs/benchmarks.md.

    make bench-peers
    uv run --group peers python benchmarks/peers.py [--only quantisers] [--rounds 5]

Every contestant has one thread and one core and is timed in CPU seconds, in interleaved rounds;
medians count. Networks have random weights: speed only.
"""

import os

# Before any library starts its threads.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import argparse  # noqa: E402
import statistics  # noqa: E402
import sys  # noqa: E402
from collections.abc import Iterator  # noqa: E402

# Scripts here are named after the apps: `import scene` must find the app.
sys.path.append(sys.path.pop(0))

import report  # noqa: E402
import torch  # noqa: E402
from peers_contests import PARTS, Contest, serve_scene  # noqa: E402

PACKAGES = (
    "torch", "jax", "mlx", "vector-quantize-pytorch", "transformers", "ngsolve-openblas"
)  # fmt: skip


def run(contest: Contest, rounds: int) -> tuple[str, ...]:
    """A row of the table; each contestant runs once before it counts."""
    contest.ours(), contest.peer()
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(contest.ours())
        theirs.append(contest.peer())
    mine, peer = (contest.figure(statistics.median(seconds)) for seconds in (ours, theirs))
    ratio = peer / mine if contest.less_is_better else mine / peer
    named = (contest.what, contest.against, contest.unit)
    return (*named, f"{mine:.4g}", f"{peer:.4g}", f"{ratio:.2f}")


def rows(parts: list[str], rounds: int) -> Iterator[tuple[str, ...]]:
    """The table, row by row."""
    for part in parts:
        for contest in PARTS[part]():
            yield run(contest, rounds)
            contest.close()


def main() -> None:
    parser = report.parser(__doc__.splitlines()[0])
    parser.add_argument("--only", choices=PARTS, action="append", help="this part (repeatable)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--serve-scene", choices=("train", "sample"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.serve_scene:
        serve_scene(arguments.serve_scene)
        return
    about = report.machine(PACKAGES)
    about += " One core and one thread for each, CPU seconds, medians of interleaved rounds."
    print(about)
    columns = ("what", "against", "in", "ours", "peer", "times as fast")
    lines = report.table(columns, rows(arguments.only or list(PARTS), arguments.rounds))
    if arguments.publish:
        report.publish("peers", about, lines)


if __name__ == "__main__":
    main()
