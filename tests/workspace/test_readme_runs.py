"""The README's commands run as they stand there, shortened where they would train for minutes."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOUNDS = ROOT / "apps/distill/src/distill/shipped/examples"

# Pages are served in tests/e2e, trainings and their options run in the tests of their apps.
ELSEWHERE = r"make|uv run (rq-vae-explorer|distill|pytest)$|.* train |.* --help$"
SHORTER = {
    "--count 64": "--count 2",
    "sound.flac": "roll.flac",
}


def commands() -> list[str]:
    blocks = re.findall(r"```bash\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    lines = [line.split(" #")[0].strip() for block in blocks for line in block.splitlines()]
    return list(dict.fromkeys(line for line in lines if line))


def shortened(line: str) -> list[str]:
    """The command without `uv run`, from this environment's own programs."""
    for long, short in SHORTER.items():
        line = line.replace(long, short)
    words = shlex.split(re.sub(r"^uv run (--package \S+ )?", "", line))
    program = shutil.which(words[0], path=str(Path(sys.executable).parent))
    assert program, f"{words[0]} is no program of this environment"
    return [program, *words[1:]]


@pytest.mark.slow
def test_the_commands_of_the_readme_run_one_after_the_other(tmp_path):
    shutil.copy(SOUNDS / "drum_roll.flac", tmp_path / "roll.flac")
    run = [line for line in commands() if not re.match(ELSEWHERE, line)]
    assert len(run) >= 5
    for line in run:
        words = []
        for word in shortened(line):  # with the names that the shell would put for a star
            words += sorted(map(str, tmp_path.glob(word))) if "*" in word else [word]
        result = subprocess.run(
            words, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=900
        )
        assert result.returncode == 0, f"{line}\n{result.stderr[-2000:]}"
    for name in ("output.png", "scenes/captions.jsonl", "codes.json", "again.wav"):
        assert (tmp_path / name).stat().st_size > 0
