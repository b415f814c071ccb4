"""Server functions: public addresses that take nothing on trust."""

import base64
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from distill.models.persistence import load_model, save_model
from distill.ui.handlers import (
    editing,
    exporting,
    generating,
    listening,
    opening,
    shelving,
    training,
    transforming,
)
from distill.ui.library import ModelLibrary
from distill.ui.training_desk import TrainingDesk
from distill.ui.workshop import Example, Workshop

TOKEN, OTHER = "1" * 32, "2" * 32
SUBJECTS = (opening, listening, editing, transforming, exporting, generating, training, shelving)


@pytest.fixture(scope="module")
def workshop(tiny_path, tmp_path_factory) -> Workshop:
    folder = tmp_path_factory.mktemp("workshop")
    sound = folder / "tone.wav"
    wave = 0.4 * np.sin(np.arange(20_000) * 0.05) * np.exp(-np.arange(20_000) / 8000)
    soundfile.write(sound, wave, 48_000)
    library = ModelLibrary([tiny_path], folder / "models")
    (folder / "uploads").mkdir()
    desk = TrainingDesk(library, folder / "sounds")
    return Workshop(library, [Example("tone", "Tone", sound)], folder / "uploads", desk)


@pytest.fixture(scope="module")
def serve(workshop):
    functions = {f.__name__: f for subject in SUBJECTS for f in subject.handlers(workshop)}
    return lambda function, /, **data: functions[function]({"token": TOKEN, **data})


@pytest.fixture
def clip(serve) -> dict:
    return serve("codes_open_example", example="tone")["clip"]


def test_the_first_call_brings_model_examples_and_an_encoded_sound(serve):
    reply = serve("codes_start")
    assert reply["model"]["levels"] == reply["clip"]["levels"] == 4
    assert reply["examples"] == [{"id": "tone", "name": "Tone"}]
    assert reply["clip"]["columns"] == -(-20_000 // 1024)


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=8,
)
KEYS = ("clip", "start", "remove", "rows", "track", "count", "codes", "level", "path", "name",
        "model", "other", "levels", "amount", "seconds", "folder", "text")  # fmt: skip


@settings(max_examples=60)
@given(data=json_like | st.dictionaries(st.sampled_from(KEYS), json_like, max_size=5))
def test_nonsense_is_answered_with_one_line(workshop, data):
    for subject in SUBJECTS:
        for function in subject.handlers(workshop):
            if function.__name__ in ("train_start",):
                continue
            wrapped = {"token": TOKEN, **data} if isinstance(data, dict) else data
            reply = function(wrapped)
            assert isinstance(reply, dict)
            if "error" in reply:
                assert "Traceback" not in reply["error"]
                assert "terminal" not in reply["error"], reply


@pytest.mark.parametrize(
    ("function", "data"),
    [
        ("codes_edit", {"start": "0", "remove": 1, "rows": [[0]] * 4}),
        ("codes_edit", {"start": 0, "remove": 1, "rows": [[True]] * 4}),
        ("codes_edit", {"start": 0, "remove": 1, "rows": [[0], [0], [0], [0, 0]]}),
        ("codes_edit", {"start": 0, "remove": 1, "rows": [[99]] * 4}),
        ("codes_edit", {"start": 0, "remove": 1, "rows": [[0]] * 4, "extra": 1}),
        ("codes_sound", {"track": "m:99", "start": 0, "count": 10}),
        ("codes_sound", {"track": "m:1", "start": 0, "count": 10**9}),
        ("codes_hear", {"codes": [0, 0, 0]}),
        ("codes_hear", {"codes": [0, 0, 0, 16]}),
        ("codes_hear_code", {"level": 4, "code": 0}),
        ("codes_hear_code", {"level": 0, "code": -1}),
        ("codes_rename", {"level": 7, "name": "x"}),
        ("codes_swap", {"start": 0, "end": 999, "levels": [0], "other": "example:tone"}),
        ("codes_blend", {"start": 0, "end": 2, "levels": [0], "other": "x", "amount": 0.5}),
        ("codes_rewrite", {"start": 0, "end": 2, "levels": [0], "temperature": float("nan")}),
        ("codes_export", {"what": "exe", "track": "m:15"}),
        ("codes_export", {"what": "wav", "track": "m:15", "start": 5, "end": 5}),
    ],
)
def test_wrong_arguments_are_refused_and_change_nothing(serve, clip, function, data):
    assert serve(function, clip=clip["id"], **data)["error"]
    assert serve("codes_show", clip=clip["id"])["clip"]["revision"] == 0


def test_another_session_cannot_reach_a_clip(serve, clip):
    for name in ("codes_show", "codes_undo"):
        assert "no longer open" in serve(name, clip=clip["id"], token=OTHER)["error"]


@pytest.mark.parametrize("path", ["/etc/passwd", "../../etc/passwd", "", ".", "\0", "a" * 5000])
def test_only_uploads_are_read(serve, path):
    assert serve("codes_open_upload", path=path, name="a.wav")["error"]
    assert serve("models_import", path=path, name="a.distill")["error"]


def test_an_unreadable_upload_is_told_by_its_own_name(serve, workshop):
    path = workshop.upload_dir / "junk"
    path.write_bytes(b"not a sound")
    reply = serve("codes_open_upload", path=str(path), name="my song.wav")
    assert "my song.wav" in reply["error"]
    assert str(workshop.upload_dir) not in reply["error"]


def test_codes_go_out_as_json_and_come_back(serve, clip):
    sent = serve("codes_export", clip=clip["id"], what="json", track="m:15")
    text = base64.b64decode(sent["data"]).decode()
    back = serve("codes_open_codes", name="again.json", text=text)["clip"]
    assert back["codes"] == clip["codes"]
    assert back["samples"] == clip["samples"]
    assert serve("codes_open_codes", name="b.json", text=text[:-20])["error"]


def test_a_level_keeps_its_new_name_and_gets_its_old_one_back(serve, clip):
    named = serve("codes_rename", clip=clip["id"], level=1, name="  <b>Colour</b>\n ")
    assert named["labels"] == ["Structure", "<b>Colour</b>", "Texture", "Detail"]
    assert serve("codes_rename", clip=clip["id"], level=1, name=" ")["labels"][1] == "Timbre"


def test_transformations_touch_only_the_chosen_levels_and_span(serve, clip):
    def codes(reply):
        flat = np.frombuffer(base64.b64decode(reply["clip"]["codes"]), "<i2")
        return flat.reshape(4, -1)

    before = codes(serve("codes_show", clip=clip["id"]))
    span = {"clip": clip["id"], "start": 3, "end": 9, "levels": [1, 3]}
    for name, extra in (
        ("codes_rewrite", {"temperature": 1.0, "seed": 1}),
        ("codes_swap", {"other": "example:tone"}),
        ("codes_blend", {"other": "example:tone", "amount": 0.5}),
        ("codes_refine", {}),
    ):
        reply = serve(name, **span, **extra)
        assert "error" not in reply, reply
        after = codes(serve("codes_show", clip=clip["id"]))
        changed = np.argwhere(before != after)
        assert all(level in (1, 3) and 3 <= column < 9 for level, column in changed)
        serve("codes_undo", clip=clip["id"])
        assert np.array_equal(codes(serve("codes_show", clip=clip["id"])), before)


def test_refitting_an_untouched_sound_gives_the_encoders_own_codes(serve, clip):
    reply = serve(
        "codes_refine", clip=clip["id"], start=0, end=clip["columns"], levels=[0, 1, 2, 3]
    )
    assert reply["told"].startswith("0 of ")


def test_the_same_seed_generates_the_same_codes(serve):
    found = []
    for _ in range(2):
        settings_ = {"seconds": 0.4, "temperature": [1.0], "top_k": [0], "top_p": [0.9]}
        assert serve("generate_start", seed=7, **settings_) == {"seed": 7}
        for _ in range(600):
            reply = serve("generate_poll")
            if reply["state"] != "running":
                break
            time.sleep(0.05)
        assert reply["state"] == "done"
        found.append(reply["clip"]["codes"])
    assert found[0] == found[1]


def test_generating_tells_how_far_it_is_and_can_be_called_off(serve):
    settings_ = {"seconds": 120.0, "temperature": [1.0], "top_k": [0], "top_p": [0.9]}
    serve("generate_start", seed=1, **settings_)
    for _ in range(1000):
        reply = serve("generate_poll")
        if reply["done"] > 2:
            break
        time.sleep(0.01)
    assert reply["state"] == "running"
    assert 2 < reply["done"] < reply["columns"] == 5625
    assert "already" in serve("generate_start", seed=1, **settings_)["error"]
    serve("generate_cancel")
    for _ in range(600):
        reply = serve("generate_poll")
        if reply["state"] != "running":
            break
        time.sleep(0.05)
    assert (reply["state"], reply["problem"]) == ("failed", "called off")


def test_a_model_is_imported_renamed_exported_and_deleted(serve, workshop, tiny):
    path = workshop.upload_dir / "upload.distill"
    mine = save_model(path, replace(tiny, metadata=replace(tiny.metadata, name="mine")))
    cards = serve("models_import", path=str(path), name="../../my <i>model</i>.distill")["models"]
    assert [(c["name"], c["own"]) for c in cards] == [("tiny 0", False), ("mine", True)]
    stored = list(workshop.library.folder.iterdir())
    assert [p.parent for p in stored] == [workshop.library.folder]
    exported = serve("models_export", model=mine.model_id)
    assert base64.b64decode(exported["data"]) == path.read_bytes()
    assert serve("models_use", model=mine.model_id)["models"][1]["used"]
    renamed = serve("models_rename", model=mine.model_id, name=" New\n name ")["models"][1]
    assert renamed["name"] == "New name"
    assert renamed["used"]
    assert load_model(stored[0]).metadata.name == "New name"
    assert len(serve("models_delete", model=renamed["id"])["models"]) == 1
    assert not stored[0].exists()


def test_shipped_models_stay_as_they_are(serve):
    shipped = serve("models_list")["models"][0]["id"]
    assert "stays" in serve("models_rename", model=shipped, name="x")["error"]
    assert "stays" in serve("models_delete", model=shipped)["error"]


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "..", "broken-../../x", ""])
def test_no_model_outside_the_folder_can_be_named(serve, name):
    for function in ("models_use", "models_delete", "models_export"):
        assert serve(function, model=name)["error"]


def test_a_second_training_is_refused(workshop, tmp_path):
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    desk = TrainingDesk(workshop.library, tmp_path, command=lambda plan, resume: sleeper)
    desk.start(desk.plan("one", sounds, 1.0, 2, 0), TOKEN)
    with pytest.raises(Exception, match="one training at a time"):
        desk.start(desk.plan("two", sounds, 1.0, 2, 0), OTHER)
    assert desk.status(TOKEN)["mine"]
    assert not desk.status(OTHER)["mine"]
    assert desk.status(OTHER)["title"] == "one"
    desk.close()
    assert desk.status(OTHER)["state"] in ("failed", "stopped")


def test_names_of_dropped_sounds_become_safe_file_names(workshop, tmp_path):
    source = tmp_path / "x.wav"
    source.write_bytes(b"x")
    desk = TrainingDesk(workshop.library, tmp_path / "sounds")
    folder = desk.take_in("../../evil", [("../../a/<b>.wav", source), ("run.sh", source)])
    assert folder.is_relative_to(tmp_path / "sounds")
    assert [p.name for p in folder.iterdir()] == ["000-b.wav"]
    assert Path(folder).name == "evil"
