"""The command line: figures that repeat, exact resume, and one line for every mistake."""

import json
import os
import re
import socket
import subprocess
import sys

import pytest

from rq_vae_explorer import cli

COMMAND = [sys.executable, "-m", "rq_vae_explorer.cli"]


@pytest.fixture
def run(capsys):
    def run(*arguments):
        code = cli.main([str(a) for a in arguments])
        return code, *capsys.readouterr()

    return run


def _train(run, idx_folder, *arguments):
    return run("train", "--data", idx_folder, "--batch-size", 64, *arguments)


def test_the_public_options_are_these():
    def options(parser):
        return {s for action in parser._actions for s in action.option_strings} - {"-h", "--help"}

    parser = cli._parser()
    commands = next(a for a in parser._actions if hasattr(a, "choices") and a.choices)
    serve = {"--host", "--port", "--no-browser"}
    assert options(parser) == serve | {"--version"}
    assert set(commands.choices) == {"serve", "train", "evaluate"}
    assert options(commands.choices["serve"]) == serve
    assert options(commands.choices["train"]) == {
        *("--steps", "--seed", "--network", "--levels", "--codes", "--latent-dim", "--quantizer"),
        *("--batch-size", "--learning-rate", "--data", "--set", "--preset", "--config"),
        *("--out", "--resume", "--json"),
    }
    assert options(commands.choices["evaluate"]) == {
        *("--data", "--idx-images", "--idx-labels", "--json"),
    }


def test_train_reports_and_repeats_and_evaluate_agrees(run, idx_folder, tmp_path):
    reports = []
    for name in ("a", "b"):
        code, out, _ = _train(
            run,
            idx_folder,
            "--steps",
            30,
            "--out",
            tmp_path / name,
            "--json",
            tmp_path / f"{name}.json",
        )
        assert code == 0
        assert "test MSE" in out
        reports.append(json.loads((tmp_path / f"{name}.json").read_text()))
    first, second = reports
    assert first["test"] == second["test"]
    assert first["steps"] == 30
    assert first["steps_per_second"] > 0
    assert first["config"]["seed"] == 0
    assert "jax" in first["versions"]
    for level in first["test"]["levels"]:
        assert level["active"] + level["dead"] == 16
        assert 1 <= level["perplexity"] <= 16
    code, _, _ = run("evaluate", tmp_path / "a", "--json", tmp_path / "e.json")
    assert code == 0
    assert json.loads((tmp_path / "e.json").read_text())["test"] == first["test"]
    pair = [idx_folder / f"t10k-{part}-ubyte.gz" for part in ("images-idx3", "labels-idx1")]
    code, _, _ = run(
        "evaluate", tmp_path / "a", "--idx-images", pair[0], "--idx-labels", pair[1],
        "--json", tmp_path / "f.json",
    )  # fmt: skip
    assert json.loads((tmp_path / "f.json").read_text())["test"] == first["test"]


def test_a_resumed_run_ends_where_a_whole_one_does(run, idx_folder, tmp_path):
    assert _train(run, idx_folder, "--steps", 20, "--out", tmp_path / "whole")[0] == 0
    assert _train(run, idx_folder, "--steps", 8, "--out", tmp_path / "parts")[0] == 0
    assert run("train", "--resume", tmp_path / "parts", "--steps", 20)[0] == 0
    whole, parts = ((tmp_path / n / "run.safetensors").read_bytes() for n in ("whole", "parts"))
    assert whole == parts
    code, _, err = run("train", "--resume", tmp_path / "parts", "--steps", 20, "--codes", 8)
    assert (code, "num_codes cannot change" in err) == (2, True)
    code, _, err = run("train", "--resume", tmp_path / "parts", "--steps", 5)
    assert (code, "already at step 20" in err) == (2, True)


def test_settings_come_from_preset_then_file_then_flags(run, tmp_path):
    path = tmp_path / "settings.yaml"
    path.write_text("learning_rate: 1e-4\nlambda_commit: 0.5\nseed: 7\n")
    options = cli._parser().parse_args(
        [
            "train",
            "--preset",
            "collapse",
            "--config",
            str(path),
            "--seed",
            "9",
            "--set",
            "restart=true",
        ]
    )
    from rq_vae_explorer.config import split_settings

    config, hyper = split_settings(cli._settings(options))
    assert (config.seed, config.codebook_init) == (9, "uniform")
    assert (hyper.learning_rate, hyper.lambda_commit, hyper.restart) == (1e-4, 0.5, True)


BAD = [
    (["train", "--steps", "-1"], 2, "--steps: -1 is not at least 1"),
    (["train", "--steps", "few"], 2, "--steps: 'few' is not a whole number"),
    (["train", "--steps", "many"], 2, "--steps"),
    (["train", "--data", "nowhere"], 1, "no data set 'nowhere'"),
    (["train", "--data", "x" * 300], 1, "no data set 'xxx"),
    (["train", "--resume", "x" * 300], 1, "holds no run"),
    (["train", "--json", "x" * 300], 1, "xxx: File name too long"),
    (["train", "--out", "/dev/null/run"], 1, "cannot write to /dev/null/run"),
    (["train", "--json", "/nowhere/out.json"], 1, "cannot write /nowhere/out.json"),
    (["train", "--json", f"{__file__}/out.json"], 1, "no such folder"),
    (["train", "--levels", "9"], 2, "num_levels"),
    (["train", "--learning-rate", "10"], 2, "learning_rate: input should be less than"),
    (["train", "--set", "colour=red"], 2, "unknown setting 'colour'"),
    (["train", "--set", "colour"], 2, "NAME=VALUE"),
    (["train", "--preset", "none"], 2, "unknown preset 'none'"),
    (["train", "--config", "/nowhere.yaml"], 1, "cannot read /nowhere.yaml"),
    (["train", "--resume", "/nowhere"], 1, "holds no run"),
    (["evaluate", "/nowhere"], 1, "holds no run"),
    (["evaluate", "/nowhere", "--idx-images", "x"], 2, "belong together"),
    (["evaluate"], 2, "RUN_DIR"),
    (["dance"], 2, "invalid choice"),
    (["--port", "99999"], 2, "99999 is not a port"),
]


@pytest.mark.parametrize(("arguments", "code", "said"), BAD, ids=lambda v: str(v)[:40])
def test_mistakes_are_one_line_with_the_right_code(arguments, code, said, capsys):
    try:
        got = cli.main(arguments)
    except SystemExit as end:
        got = end.code
    err = capsys.readouterr().err
    assert got == code
    assert said in err
    assert err.count("\n") == 1
    assert "Traceback" not in err


def test_a_port_in_use_is_one_line_before_anything_is_loaded(capsys):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(SystemExit) as end:
            cli.main(["--port", str(port), "--no-browser"])
    assert end.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"port {port}" in line
    assert "--port" in line


@pytest.mark.parametrize(
    "content",
    ["- a\n- b\n", "a: [1\n", "{1: 2}\n", "[" * 5000, f"seed: {'x' * 9000}\n"],
    ids=["list", "open", "number", "deep", "long"],
)
def test_bad_yaml_is_one_line(run, tmp_path, content):
    path = tmp_path / "bad.yaml"
    path.write_text(content)
    code, _, err = run("train", "--config", path)
    assert code == 2
    assert err.count("\n") == 1
    assert len(err) < 500


def test_a_corrupt_idx_file_is_one_line(run, idx_folder, tmp_path):
    folder = tmp_path / "idx"
    folder.mkdir()
    for path in idx_folder.iterdir():
        content = path.read_bytes()
        (folder / path.name).write_bytes(content[:-30] if "images" in path.name else content)
    code, _, err = run("train", "--data", folder)
    assert code == 1
    assert "damaged or cut short" in err
    assert err.count("\n") == 1


def test_help_and_version_import_nothing_heavy(tmp_path):
    probe = (
        "import sys; from rq_vae_explorer import cli\n"
        "try: cli.main(sys.argv[1:])\n"
        "except SystemExit as end: print(sorted(set(sys.modules) & "
        "{'jax', 'gradio', 'numpy', 'pydantic', 'tensorflow_datasets'}), end.code)"
    )
    for arguments in (["--help"], ["--version"], ["train", "--help"]):
        result = subprocess.run(
            [sys.executable, "-c", probe, *arguments], capture_output=True, text=True, check=True
        )
        assert result.stdout.splitlines()[-1] == "[] 0"


@pytest.mark.slow
def test_ctrl_c_saves_the_run_and_exits_130(idx_folder, tmp_path):
    import signal

    process = subprocess.Popen(
        [*COMMAND, *f"train --data {idx_folder} --steps 10000000 --out {tmp_path / 'r'}".split()],
        stderr=subprocess.PIPE,
        text=True,
        bufsize=1,
        env={**os.environ, "TQDM_MININTERVAL": "0.05"},
    )
    seen = ""
    while not re.search(r"[1-9]\d*/10000000", seen):
        character = process.stderr.read(1)
        assert character, seen
        seen += character
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert err.strip().splitlines()[-1].endswith("interrupted")
    assert json.loads((tmp_path / "r" / "run.json").read_text())["step"] > 0
