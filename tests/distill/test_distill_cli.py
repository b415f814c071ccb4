"""The command line: what it offers, and that every failure is one line and the right exit code."""

import json
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from distill.cli import build_parser, main
from distill.commands.generate import headroom_gain


def options(name: str | None = None) -> set[str]:
    parser = build_parser()
    if name is not None:
        actions = next(a for a in parser._actions if a.choices)
        parser = actions.choices[name]
    return {max(a.option_strings, key=len) for a in parser._actions if a.option_strings}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (None, {"--host", "--port", "--no-browser", "--version", "--help"}),
        (
            "train",
            {
                "--out", "--minutes", "--steps", "--levels", "--codebook-size", "--seed",
                "--resume", "--name", "--licence", "--origin", "--help",
            },
        ),
        ("encode", {"--out", "--model", "--help"}),
        ("decode", {"--out", "--model", "--help"}),
        (
            "generate",
            {
                "--out", "--model", "--seconds", "--seed", "--temperature", "--top-k", "--top-p",
                "--help",
            },
        ),
        ("evaluate", {"--held-out", "--json", "--model", "--help"}),
        ("models", {"--help"}),
    ],
)  # fmt: skip
def test_the_public_options(command, expected):
    assert options(command) == expected


def test_help_loads_nothing_heavy():
    code = (
        "import sys, distill.cli; distill.cli.build_parser(); "
        "print([m for m in ('torch', 'numpy', 'gradio') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["train", "--help"]])
def test_asking_for_help_is_no_failure(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 0
    assert "distill" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["nonsense"], ["train"], ["encode", "x"], ["--nonsense"]])
def test_wrong_usage_is_told_in_one_line_and_exits_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "--help)" in told


@pytest.fixture
def here(tmp_path, tiny_path, wav):
    """A folder with a model, a sound and a broken sound, as arguments name them."""
    wav(0.3 * np.sin(np.arange(30_000) * 0.05))
    (tmp_path / "broken.wav").write_text("x")
    (tmp_path / "broken.distill").write_text("x")
    (tmp_path / "broken.json").write_text("{}")
    (tmp_path / "model.distill").write_bytes(tiny_path.read_bytes())
    return tmp_path


def run(here, *arguments: str) -> int:
    return main([a.replace("@", f"{here}/") for a in arguments])


@pytest.mark.filterwarnings("ignore:.*clipped")  # random weights are loud
def test_encode_decode_generate(here, capsys):
    model = ("-m", "@model.distill")
    assert run(here, "encode", "@sound.wav", "-o", "@codes.json", *model) == 0
    assert run(here, "decode", "@codes.json", "-o", "@back.wav", *model) == 0
    assert run(here, "generate", "-o", "@new.flac", "--seconds", "0.5", *model) == 0
    assert soundfile.info(here / "back.wav").frames == 30_000
    assert soundfile.info(here / "new.flac").frames == 24_000
    assert json.loads((here / "codes.json").read_text())["source"] == "sound.wav"
    assert len(capsys.readouterr().out.splitlines()) == 3


@pytest.mark.parametrize(("peak", "expected"), [(0.0, 0.0), (0.3, 0.3), (0.99, 0.891), (7, 0.891)])
def test_generated_sound_keeps_its_level_unless_it_would_leave_no_headroom(peak, expected):
    sound = np.array([0.1, -1.0, 0.5], np.float32) * peak
    assert np.abs(sound * headroom_gain(sound)).max() == pytest.approx(expected, abs=1e-3)


def test_the_same_seed_generates_the_same_file(here):
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert run(here, "generate", "-o", f"@{name}.wav", "--seed", seed, "--seconds", "0.3",
                   "-m", "@model.distill") == 0  # fmt: skip
    a, b, c = ((here / f"{name}.wav").read_bytes() for name in "abc")
    assert a == b != c
    for name in "abc":
        assert np.abs(soundfile.read(here / f"{name}.wav")[0]).max() < 0.9


def test_evaluate_prints_a_table_and_writes_json(here, capsys):
    (here / "broken.wav").unlink()
    assert run(here, "evaluate", "@", "-m", "@model.distill", "--json", "@figures.json") == 0
    printed = capsys.readouterr().out
    for word in ("mel", "LSD", "envelope", "kbit/s", "Structure", "real-time factor"):
        assert word in printed
    figures = json.loads((here / "figures.json").read_text())
    assert figures["judged_files"] == 1
    assert figures["bits_per_second"] == 46.875 * 4 * 4
    assert figures["medians"]["mel"] == figures["files"][0]["figures"]["mel"]
    assert len(figures["files"][0]["by_levels"]) == 4
    columns = figures["columns"]
    assert columns < 4 * 16  # a codebook cannot be judged by so few
    assert printed.count(f"too little sound to judge ({columns} columns)") == 4
    assert "collapsed" not in printed


def test_models_lists_the_shipped_one_and_a_folder(here, capsys):
    (here / "broken.distill").unlink()
    assert run(here, "models", "@") == 0
    printed = capsys.readouterr().out
    assert "tiny 0" in printed
    assert printed.count("levels of") == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["encode", "@none.wav", "-o", "@x.json"],
        ["encode", "@broken.wav", "-o", "@x.json"],
        ["encode", "@sound.wav", "-o", "@nowhere/x.json"],
        ["encode", "@sound.wav", "-o", "@"],
        ["encode", "@sound.wav", "-o", "@x.json", "-m", "@none.distill"],
        ["encode", "@sound.wav", "-o", "@x.json", "-m", "@broken.distill"],
        ["decode", "@none.json", "-o", "@x.wav"],
        ["decode", "@broken.json", "-o", "@x.wav"],
        ["decode", "@sound.wav", "-o", "@x.wav"],
        ["generate", "-o", "@x.nonsense", "--seconds", "0.1"],
        ["evaluate", "@nowhere"],
        ["evaluate", "@", "--held-out", "-m", "@model.distill"],
        ["models", "@nowhere"],
        ["models", "@"],
        ["train", "@nowhere", "-o", "@x.distill"],
        ["train", "@", "-o", "@nowhere/x.distill"],
        ["train", "@", "-o", "@x.distill", "--resume"],
    ],
)
def test_a_failure_is_one_line_and_leaves_nothing(here, capsys, arguments):
    before = sorted(p.name for p in here.iterdir())
    assert run(here, *arguments) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 or arguments[0] == "models"
    assert "Traceback" not in error
    assert sorted(p.name for p in here.iterdir()) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["generate", "-o", "@x.wav", "--seconds", "-1"],
        ["generate", "-o", "@x.wav", "--seconds", "nan"],
        ["generate", "-o", "@x.wav", "--temperature", "-1"],
        ["generate", "-o", "@x.wav", "--top-p", "0"],
        ["train", "@", "-o", "@x.pt"],
        ["train", "@", "-o", "@x.distill", "--minutes", "0"],
        ["train", "@", "-o", "@x.distill", "--minutes", "nan"],
        ["train", "@", "-o", "@x.distill", "--codebook-size", "many"],
        ["train", "@", "-o", "@x.distill", "--codebook-size", "5"],
        ["train", "@", "-o", "@x.distill", "--seed", "-1"],
        ["train", "@", "-o", "@x.distill", "--steps", "1", "0", "1"],
    ],
)
def test_an_option_out_of_range_is_one_line_and_exit_code_2(here, capsys, arguments):
    before = sorted(p.name for p in here.iterdir())
    assert run(here, *arguments) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert sorted(p.name for p in here.iterdir()) == before


def test_decoding_with_another_model_is_refused(here, capsys):
    assert run(here, "encode", "@sound.wav", "-o", "@codes.json", "-m", "@model.distill") == 0
    capsys.readouterr()
    assert run(here, "decode", "@codes.json", "-o", "@x.wav") == 1
    assert "made with model" in capsys.readouterr().err


@pytest.mark.slow
def test_an_interrupted_training_saves_exits_with_130_and_resumes(here, tone, tmp_path):
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    for index in range(3):
        soundfile.write(sounds / f"{index}.wav", tone(0.6, 200 * (index + 1)), 48_000)
    out = here / "m.distill"
    command = [sys.executable, "-m", "distill", "train", str(sounds), "-o", str(out)]
    steps = ["--steps", "100000", "1", "1"]
    training = subprocess.Popen([*command, *steps], stderr=subprocess.PIPE, text=True)
    heard = ""
    while "step 1," not in heard:
        heard += training.stderr.read(1)
        assert training.poll() is None, heard
    training.send_signal(2)
    rest = training.communicate(timeout=120)[1]
    assert training.returncode == 130, rest
    assert "--resume" in rest
    assert "Traceback" not in rest
    assert out.with_name("m.distill.state").exists()
    assert main(["models", str(here)]) == 1  # broken.distill is still there; m.distill is listed
