"""Files of a run: PNG figures, a zip that comes back, and a page that needs nothing."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from rq_vae_explorer.training.presets import PRESETS
from rq_vae_explorer.training.trainer import Trainer
from rq_vae_explorer.ui.exports import figure_png, import_run, replay_html, run_zip
from rq_vae_explorer.ui.figures import FIGURES
from rq_vae_explorer.ui.lessons import lesson_settings, lesson_text


@pytest.fixture(scope="module")
def run():
    trainer = Trainer(num_codes=4, batch_size=8)
    trainer.step_once(3)
    yield trainer
    trainer.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_a_picture_with_something_on_it(run, name):
    picture = np.asarray(Image.open(io.BytesIO(figure_png(run.snapshot(), name))).convert("RGB"))
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 50


@pytest.mark.slow
def test_a_figure_of_the_past_shows_the_past(run):
    past = run.timeline()[0]
    assert past.step < run.snapshot().step
    assert figure_png(run.snapshot(), "planes", past) != figure_png(run.snapshot(), "planes")


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_before_there_is_data_is_still_a_picture(name):
    fresh = Trainer()
    assert figure_png(fresh.snapshot(), name).startswith(b"\x89PNG")
    fresh.close()


@pytest.mark.slow
def test_a_run_comes_back_from_its_zip_at_the_same_step(run, tmp_path):
    packed = tmp_path / "run.zip"
    packed.write_bytes(run_zip(run))
    other = Trainer()
    import_run(other, packed)
    assert other.snapshot().step == run.snapshot().step
    np.testing.assert_array_equal(other.snapshot().view.codebook, run.snapshot().view.codebook)
    other.close()


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"", b"not a zip", None, "unknown method", "encrypted"])
def test_another_file_is_refused_and_the_run_goes_on(run, tmp_path, content):
    path = tmp_path / "other.zip"
    if content is None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("../run.json", "{}")
    elif isinstance(content, str):
        path.write_bytes(_zip_with_odd_entry(content))
    else:
        path.write_bytes(content)
    before = run.snapshot().step
    with pytest.raises(ValueError, match="not an exported run"):
        import_run(run, path)
    assert run.snapshot().step == before


@pytest.mark.slow
def test_the_replay_holds_everything_and_asks_nobody(run):
    page = replay_html(run).decode()
    assert "COURSE" not in page
    assert "/*SCRIPT*/" not in page
    for foreign in ("src=", "@import", "url("):
        assert foreign not in page


def test_a_replay_of_nothing_says_so():
    fresh = Trainer()
    with pytest.raises(ValueError, match="nothing to replay"):
        replay_html(fresh)
    fresh.close()


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_every_lesson_is_a_recipe_that_the_trainer_takes(preset):
    settings = lesson_settings(preset.name)
    run = Trainer(**settings)
    taken = {**run.config.model_dump(), **run.hyper.model_dump()}
    assert taken == settings
    assert preset.lesson in lesson_text(preset.name)


def _zip_with_odd_entry(kind):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("run.json", "{}")
    content = bytearray(packed.getvalue())
    entry = content.index(b"PK\x01\x02")  # of the directory at the end
    content[entry + (8 if kind == "encrypted" else 10)] = 1 if kind == "encrypted" else 99
    return bytes(content)
