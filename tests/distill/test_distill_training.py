"""Training on tiny sounds: end to end, stopped and resumed, and on folders that are not ideal."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import soundfile
import torch

from distill.audio.spectrogram import AudioSpectrogram
from distill.errors import CorpusError, TrainingError
from distill.inference import decode_code_grid, encode_audio_file
from distill.inference.generate import generate_audio
from distill.models.persistence import load_model, save_model
from distill.models.prior_sampling import SamplingSettings
from distill.training import loop, pipeline
from distill.training.autoencoder import AutoencoderStage
from distill.training.banks import MelBank, WaveBank, draw_gain
from distill.training.config import automatic_codebook_size
from distill.training.corpus import load_corpus
from distill.training.distributed import ALONE
from distill.training.job import Job
from distill.training.loop import TrainingStopped
from distill.training.pipeline import train


@pytest.fixture
def sounds(tmp_path, tone):
    """A folder of nine tones."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    for index in range(9):
        samples = tone(0.3 + 0.05 * index, 110 * 1.5**index)
        soundfile.write(folder / f"{index}.wav", samples, 48_000)
    return folder


@pytest.fixture
def job(tiny_config):
    """Makes tiny training jobs that draw no bars."""

    def make(folder, out, config=tiny_config, said=None, **how) -> Job:
        said = [] if said is None else said
        return Job(folder=folder, out=out, config=config, say=said.append, show=False, **how)

    return make


def stop_after(steps: int):
    """Says stop from the given step on."""
    asked = [0]

    def should_stop() -> bool:
        asked[0] += 1
        return asked[0] >= steps

    return should_stop


def state_of(loaded) -> dict[str, torch.Tensor]:
    parts = {"a": loaded.model, "v": loaded.vocoder, "p": loaded.prior}
    return {f"{n}.{k}": v for n, m in parts.items() if m for k, v in m.state_dict().items()}


@pytest.mark.slow
def test_from_tones_to_a_model_that_encodes_decodes_and_generates(sounds, tmp_path, job):
    said = []
    train(job(sounds, tmp_path / "m.distill", said=said))
    loaded = load_model(tmp_path / "m.distill")
    encoded = encode_audio_file(sounds / "0.wav", loaded)
    decoded = decode_code_grid(
        encoded["indices"], encoded["spatial_shape"], encoded["mel_shape"], loaded
    )
    assert len(decoded) == encoded["num_samples"]
    assert np.isfinite(decoded).all()
    settings = SamplingSettings()
    first, again = (generate_audio(loaded, 0.5, 3, settings) for _ in range(2))
    assert len(first) == 24_000
    assert np.array_equal(first, again)
    assert not (tmp_path / "m.distill.state").exists()
    assert sorted(loaded.metadata.held_out) == ["0.wav", "8.wav"]
    assert len(loaded.metadata.trained_on) == 7
    assert [h.codes for h in loaded.codebook_health] == [16] * 4
    assert loaded.metadata.synthesis in ("vocoder", "griffin_lim")
    wins = loaded.metadata.figures["vocoder_vocoder_mel"]
    assert wins > 0
    assert {"held_out_nll", "unigram_nll", "bigram_nll"} <= set(loaded.prior_metadata)
    assert any("7 sounds to learn from" in line for line in said)
    rows = [json.loads(line) for line in (tmp_path / "m.metrics.jsonl").read_text().splitlines()]
    assert {row["stage"] for row in rows} == {"autoencoder", "vocoder", "prior"}


@pytest.mark.slow
def test_the_model_can_be_heard_while_it_learns_and_learns_the_same(
    sounds, tmp_path, job, monkeypatch
):
    plain = train(job(sounds, tmp_path / "plain.distill"))
    written = []

    def remember(path, model):
        saved = save_model(path, model)
        written.append(load_model(path))
        return saved

    monkeypatch.setattr(loop, "_SAVE_EVERY_S", 0.0)
    monkeypatch.setattr(pipeline, "save_model", remember)
    watched = train(job(sounds, tmp_path / "watched.distill"))
    # Each of the 4 + 2 + 3 steps validates here; the first models have an autoencoder alone.
    assert len(written) >= 9
    assert written[0].prior is written[0].vocoder is None
    assert state_of(plain).keys() == state_of(watched).keys()
    for name, tensor in state_of(plain).items():
        assert torch.equal(tensor, state_of(watched)[name]), name


@pytest.mark.slow
def test_training_teaches(sounds, tiny_config):
    """A hundred steps on tones lower the error of held-out tones."""
    corpus = load_corpus(sounds, 48_000)
    stage = autoencoder_stage(corpus, tiny_config.vqvae)
    stage.start()
    before = stage.validate()
    for step in range(100):
        stage.step(step / 100)
    after = stage.validate()
    assert after["held_out_level_3"] < 0.95 * before["held_out_level_3"]
    assert after["held_out_level_3"] < after["held_out_level_0"]


def autoencoder_stage(corpus, config):
    spectrogram = AudioSpectrogram()
    waves = WaveBank.of(corpus, spectrogram, at_least=200)
    held_out = tuple(
        spectrogram.waveform_to_mel(clip.waveform[None, None])[0, 0] for clip in corpus.held_out
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return AutoencoderStage(
            config,
            MelBank.of(waves, spectrogram),
            held_out,
            187.5,
            torch.Generator().manual_seed(0),
            ALONE,
        )


@pytest.mark.slow
@pytest.mark.parametrize("stop", [2, 5, 8])
def test_a_run_that_was_stopped_and_resumed_ends_exactly_like_one_that_was_not(
    sounds, tmp_path, stop, job
):
    whole = train(job(sounds, tmp_path / "whole.distill"))
    out = tmp_path / "parts.distill"
    with pytest.raises(TrainingStopped):
        train(job(sounds, out, should_stop=stop_after(stop)))
    load_model(out)  # what is learnt so far plays
    resumed = train(job(sounds, out, resume=True))
    expected, found = state_of(whole), state_of(resumed)
    assert expected.keys() == found.keys()
    assert all(torch.equal(v, found[k]) for k, v in expected.items())


@pytest.mark.slow
def test_the_same_seed_trains_the_same_model_and_leaves_the_global_generator_alone(
    sounds, tmp_path, job
):
    before = torch.get_rng_state()
    runs = [train(job(sounds, tmp_path / f"{i}.distill")) for i in range(2)]
    assert torch.equal(before, torch.get_rng_state())
    first, second = map(state_of, runs)
    assert all(torch.equal(v, second[k]) for k, v in first.items())


@pytest.mark.slow
def test_a_loss_that_is_no_number_stops_with_the_last_good_state(
    sounds, tmp_path, monkeypatch, job
):
    draw, calls = MelBank.draw, [0]

    def spoilt(self, *args):
        calls[0] += 1
        mel = draw(self, *args)
        return mel * math.nan if calls[0] == 4 else mel  # the start draws once

    monkeypatch.setattr(MelBank, "draw", spoilt)
    out = tmp_path / "m.distill"
    with pytest.raises(TrainingError, match="no longer a number after step 2"):
        train(job(sounds, out))
    monkeypatch.setattr(MelBank, "draw", draw)
    resumed = train(job(sounds, out, resume=True))
    assert all(torch.isfinite(v).all() for v in state_of(resumed).values())


@pytest.mark.slow
def test_resuming_another_run_is_refused(sounds, tmp_path, job, tiny_config):
    out = tmp_path / "m.distill"
    with pytest.raises(TrainingStopped):
        train(job(sounds, out, should_stop=stop_after(1)))
    with pytest.raises(TrainingError, match="another run"):
        train(job(sounds, out, config=replace(tiny_config, seed=5), resume=True))
    (tmp_path / "m.distill.state").write_bytes(b"nonsense")
    with pytest.raises(TrainingError, match="damaged"):
        train(job(sounds, out, resume=True))


def test_resuming_nothing_is_refused(sounds, tmp_path, job):
    with pytest.raises(TrainingError, match="nothing to resume"):
        train(job(sounds, tmp_path / "m.distill", resume=True))


@pytest.mark.slow
def test_minutes_are_a_budget(sounds, tmp_path, job, tiny_config):
    short = replace(tiny_config, steps=None, minutes=0.02)
    loaded = train(job(sounds, tmp_path / "m.distill", short))
    assert loaded.prior is not None


def test_every_eighth_file_is_held_out_and_nothing_is_in_both(sounds):
    corpus = load_corpus(sounds, 48_000)
    assert [c.name for c in corpus.held_out] == ["0.wav", "8.wav"]
    assert not {c.sha256 for c in corpus.held_out} & {c.sha256 for c in corpus.train}


def test_bad_files_among_good_ones_are_left_out_with_a_line_each(sounds, tone):
    (sounds / "bad.wav").write_text("no sound")
    soundfile.write(sounds / "silent.wav", np.zeros(4800), 48_000)
    soundfile.write(sounds / "nan.wav", np.full(48, np.nan), 48_000, subtype="FLOAT")
    (sounds / "again.wav").write_bytes((sounds / "3.wav").read_bytes())
    (sounds / "sub").mkdir()
    soundfile.write(sounds / "sub" / "ogg.OGG", tone(0.3), 48_000, format="OGG")
    corpus = load_corpus(sounds, 48_000)
    assert len(corpus.remarks) == 4
    for name in ("again.wav: the same file as 3.wav", "bad.wav", "nan.wav", "silent.wav"):
        (remark,) = [line for line in corpus.remarks if name in line]
        assert "\n" not in remark
    assert "sub/ogg.OGG" in {c.name for c in (*corpus.train, *corpus.held_out)}


def test_one_file_alone_is_split(tmp_path, tone):
    soundfile.write(tmp_path / "only.wav", tone(2.0), 48_000)
    corpus = load_corpus(tmp_path, 48_000)
    assert corpus.train[0].waveform.shape[0] == 84_000
    assert corpus.held_out[0].waveform.shape[0] == 12_000
    assert "one file" in corpus.remarks[0]


@pytest.mark.parametrize("kind", ["empty", "no audio", "not there", "a file", "too short"])
def test_a_folder_that_teaches_nothing_is_refused_in_one_line(tmp_path, kind, tone):
    folder = tmp_path / "f"
    if kind == "a file":
        folder.write_text("x")
    elif kind != "not there":
        folder.mkdir()
    if kind == "no audio":
        (folder / "notes.txt").write_text("x")
    if kind == "too short":
        soundfile.write(folder / "tick.wav", tone(0.02), 48_000)
    with pytest.raises(CorpusError) as caught:
        load_corpus(folder, 48_000)
    assert "\n" not in str(caught.value)
    assert str(folder) in str(caught.value)


def test_the_codebook_grows_with_the_columns():
    sizes = [automatic_codebook_size(columns) for columns in (10, 2000, 5000, 10_000, 10**6)]
    assert sizes == [64, 64, 128, 256, 256]


def test_gain_in_the_spectrogram_equals_gain_on_the_sound(torch_seeded, tone):
    spectrogram = AudioSpectrogram()
    wave = torch.from_numpy(tone(0.2))[None, None]
    gains = [draw_gain(torch_seeded) for _ in range(200)]
    assert -2.0 <= min(gains) < -0.5 < 0.0 < max(gains) <= 0.15
    moved = (spectrogram.waveform_to_mel(wave) + gains[0]).clamp_min(-5.0)
    direct = spectrogram.waveform_to_mel(wave * 10 ** gains[0])
    above = spectrogram.waveform_to_mel(wave) > -4.99
    assert torch.allclose(moved[above], direct[above], atol=1e-3)
