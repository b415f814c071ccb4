"""Sound files of all kinds are read, or refused in one line."""

import warnings

import numpy as np
import pytest
import soundfile
import torch

from distill.audio.io import AudioWarning, load_audio, save_audio, to_mono
from distill.audio.streaming import mono_blocks
from distill.errors import AudioFileError

RATE = 48_000


def sine(seconds: float, rate: int = RATE, hertz: float = 440.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3", "aiff"])
def test_common_kinds_are_read_at_48_khz(wav, kind):
    loaded = load_audio(wav(sine(0.5, 44_100), 44_100, f"a.{kind}"))
    assert loaded.sample_rate == RATE
    assert loaded.source_rate == 44_100
    assert loaded.waveform.dtype == torch.float32
    assert loaded.waveform.shape[0] == 1
    assert abs(loaded.duration_s - 0.5) < 0.06  # mp3 pads


def test_opus_is_read(wav):
    path = wav(sine(0.5), RATE, "a.ogg", format="OGG", subtype="OPUS")
    assert load_audio(path).waveform.abs().max() > 0.3


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 88_200, 96_000, 192_000, 44_099])
def test_every_rate_keeps_pitch_length_and_level(wav, rate):
    loaded = load_audio(wav(sine(0.25, rate), rate))
    wave = loaded.waveform[0]
    assert wave.shape[0] == -(-round(0.25 * rate) * RATE // rate)
    expected = torch.from_numpy(sine(0.25)[: wave.shape[0]]).float()
    inner = slice(2000, min(len(expected), wave.shape[0]) - 2000)
    assert (wave[inner] - expected[inner]).abs().max() < 0.01


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_every_sample_format(wav, subtype):
    wave = load_audio(wav(sine(0.1), subtype=subtype)).waveform[0]
    assert np.abs(wave.numpy() - sine(0.1)).max() < 0.02


def test_eight_channels_keep_their_channels_and_mix_to_mono(wav):
    loaded = load_audio(wav(np.tile(sine(0.1)[:, None], 8)))
    assert loaded.waveform.shape[0] == 8
    assert to_mono(loaded.waveform).shape == loaded.waveform.shape[1:]


def test_one_sample_is_a_sound(wav):
    assert load_audio(wav(np.array([0.5]))).waveform.shape == (1, 1)


def test_channels_in_opposite_phase_are_warned_about(wav):
    path = wav(np.stack([sine(0.1), -sine(0.1)], 1))
    with pytest.warns(AudioWarning, match="cancel"):
        to_mono(load_audio(path).waveform)
    with pytest.warns(AudioWarning, match="cancel"):
        list(mono_blocks(path, RATE))


def test_ordinary_stereo_is_not_warned_about(wav):
    path = wav(np.stack([sine(0.1), 0.5 * sine(0.1)], 1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        to_mono(load_audio(path).waveform)


def bad_files(folder):
    empty = folder / "empty.wav"
    empty.touch()
    text = folder / "text.wav"
    text.write_text("not a sound")
    header_only = folder / "header.wav"
    soundfile.write(header_only, np.zeros(0), RATE)
    folder_named = folder / "folder.wav"
    folder_named.mkdir()
    nan = folder / "nan.wav"
    soundfile.write(nan, np.array([0.0, np.nan]), RATE, subtype="FLOAT")
    infinite = folder / "inf.wav"
    soundfile.write(infinite, np.array([0.0, np.inf]), RATE, subtype="DOUBLE")
    cut = folder / "cut.flac"
    soundfile.write(cut, sine(1.0), RATE)
    cut.write_bytes(cut.read_bytes()[:40])
    rate = folder / "rate.wav"
    soundfile.write(rate, np.zeros(10), 7)
    raw = folder / "x.raw"
    raw.write_bytes(b"\0" * 64)
    return [empty, text, header_only, folder_named, nan, infinite, cut, rate, raw, folder / "no"]


@pytest.mark.parametrize("index", range(10))
def test_bad_files_are_refused_in_one_line_that_names_them(tmp_path, index):
    path = bad_files(tmp_path)[index]
    for read in (load_audio, lambda p: list(mono_blocks(p, RATE))):
        with pytest.raises(AudioFileError) as caught:
            read(path)
        assert path.name in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_wrong_extension_does_not_matter(wav):
    path = wav(sine(0.1), name="a.flac", format="WAV")
    assert load_audio(path).waveform.shape[1] == 4800


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.opus", "a.mp3", "a.aiff"])
def test_saving_keeps_the_level(tmp_path, name):
    save_audio(tmp_path / name, 0.01 * sine(0.5), RATE)
    assert abs(load_audio(tmp_path / name).waveform.abs().max() - 0.005) < 0.002


def test_saving_clips_with_a_warning_and_never_normalises(tmp_path):
    with pytest.warns(AudioWarning, match="clipped"):
        save_audio(tmp_path / "a.wav", 4 * sine(0.1), RATE)
    assert load_audio(tmp_path / "a.wav").waveform.abs().max() <= 1.0


@pytest.mark.parametrize("name", ["a.xyz", "a", "a.raw", "nowhere/a.wav"])
def test_what_cannot_be_written_is_refused_and_leaves_nothing(tmp_path, name):
    with pytest.raises(AudioFileError):
        save_audio(tmp_path / name, sine(0.1), RATE)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000, 48_000, 44_099])
def test_streaming_equals_reading_whole(wav, monkeypatch, rate):
    monkeypatch.setattr("distill.audio.streaming._BLOCK_S", 1)
    noise = np.random.default_rng(0).standard_normal((int(3.3 * rate), 2)) * 0.1
    path = wav(noise, rate)
    whole = to_mono(load_audio(path).waveform)
    streamed = torch.cat(list(mono_blocks(path, RATE)))
    assert streamed.shape == whole.shape
    assert (streamed - whole).abs().max() < 1e-5
