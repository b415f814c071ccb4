"""The apps beside their peers in one run, ahead or not; the table goes into docs/benchmarks.md.

    make bench-peers
    uv run --group peers python benchmarks/peers.py [--only quantisers] [--rounds 5] [--dry]

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
import platform  # noqa: E402
import statistics  # noqa: E402
import sys  # noqa: E402
from collections.abc import Iterator  # noqa: E402
from datetime import date  # noqa: E402
from importlib.metadata import version  # noqa: E402
from pathlib import Path  # noqa: E402

# Scripts here are named after the apps: `import scene` must find the app.
sys.path.append(sys.path.pop(0))

import torch  # noqa: E402
from peers_contests import PARTS, Contest, serve_scene  # noqa: E402

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- peers: begin -->", "<!-- peers: end -->"
PACKAGES = (
    "torch", "jax", "mlx", "vector-quantize-pytorch", "transformers", "ngsolve-openblas"
)  # fmt: skip


def run(contest: Contest, rounds: int) -> str:
    """A row of the table; each contestant runs once before it counts."""
    contest.ours(), contest.peer()
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(contest.ours())
        theirs.append(contest.peer())
    mine, peer = (contest.figure(statistics.median(seconds)) for seconds in (ours, theirs))
    ratio = peer / mine if contest.less_is_better else mine / peer
    figures = f"{mine:.4g} | {peer:.4g}"
    return f"| {contest.what} | {contest.against} | {contest.unit} | {figures} | {ratio:.2f} |"


def machine() -> str:
    """What it ran on."""
    model = platform.processor()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [x for x in cpuinfo.read_text().splitlines() if x.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    found = ", ".join(f"{name} {version(name)}" for name in PACKAGES if _installed(name))
    return (
        f"{date.today():%d %B %Y}, {model or platform.machine()}, one core and one thread for "
        "each, CPU seconds, medians of interleaved rounds; "
        f"Python {platform.python_version()}, {found}."
    )


def _installed(name: str) -> bool:
    try:
        version(name)
    except ModuleNotFoundError:
        return False
    return True


def lines(parts: list[str], rounds: int) -> Iterator[str]:
    """The table, row by row."""
    yield "| what | against | in | ours | peer | times as fast |"
    yield "|---|---|---|---|---|---|"
    for part in parts:
        for contest in PARTS[part]():
            yield run(contest, rounds)
            contest.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=PARTS, action="append", help="this part (repeatable)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dry", action="store_true", help="leave docs/benchmarks.md as it is")
    parser.add_argument("--serve-scene", choices=("train", "sample"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.serve_scene:
        serve_scene(arguments.serve_scene)
        return
    table = [machine(), ""]
    print(table[0])
    for line in lines(arguments.only or list(PARTS), arguments.rounds):
        print(line, flush=True)
        table.append(line)
    if arguments.dry or arguments.only:
        return
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    text = "\n".join(table)
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", "utf-8")
    print(f"table written to {PAGE.name}")


if __name__ == "__main__":
    main()
