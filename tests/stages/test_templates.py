"""Templates come from numbers, files, slices and folders, each with a name, and say what is wrong with them."""

from __future__ import annotations

import jsonschema
import numpy as np
import pytest
import soundfile as sf
import yaml

from pipeline.errors import SettingError
from pipeline.limits import MAX_TAPS
from pipeline.settings import Settings
from pipeline.stages.base import templates as module
from pipeline.stages.base.files import files_named_in
from pipeline.stages.base.templates import Templates, load_templates

from .helpers import MONO, STEREO, noise

FS = 8000


class Search(Settings):
    template: Templates


def load(written, fmt=MONO, base=None):
    sources = Search.model_validate({"template": written}, context={"base": base}).template
    return load_templates(sources, fmt)


def names(written, **options):
    return [template.name for template in load(written, **options)]


@pytest.fixture
def folder(tmp_path):
    """A recording of 1 s, ``day.wav``, and a folder of three templates."""
    sf.write(tmp_path / "day.wav", noise(FS) / 8, FS, subtype="DOUBLE")
    (tmp_path / "calls").mkdir()
    np.save(tmp_path / "calls" / "b.npy", noise(50))
    np.savetxt(tmp_path / "calls" / "a.txt", noise(60))
    sf.write(tmp_path / "calls" / "c.WAV", noise(70) / 8, FS)
    (tmp_path / "calls" / "notes.md").write_text("not a template")
    (tmp_path / "calls" / ".hidden.wav").write_text("not a template")
    (tmp_path / "calls" / "more").mkdir()
    np.save(tmp_path / "scalar.npy", 5.0)
    (tmp_path / "labels.csv").write_text("start,end,label\n0.5,0.9,chirp\n")
    return tmp_path


def test_numbers_are_one_template_and_rows_are_its_channels():
    (one,) = load([0, 1, 2, 3])
    assert one.name == "t0"
    np.testing.assert_array_equal(one.taps, [[0], [1], [2], [3]])
    (two,) = load([[0, 1], [1, 0], [5, 6]], fmt=STEREO)
    np.testing.assert_array_equal(two.taps, [[0, 1], [1, 0], [5, 6]])
    (array,) = load(np.arange(4.0))
    np.testing.assert_array_equal(array.taps, one.taps)
    assert array.taps.dtype == np.float64


def test_a_list_of_any_of_them_is_many_templates(folder):
    found = load(
        [
            {"taps": [1, 2]},
            "day.wav",
            [3, 4],
            {"taps": [5, 6], "name": "step"},
            {"folder": "calls"},
            {"file": "day.wav", "start": "0.5 s", "length": "100 samples"},
            "calls",
        ],
        base=folder,
    )
    assert [(t.name, len(t.taps)) for t in found] == [
        ("t0", 2), ("day", FS), ("t2", 2), ("step", 2), ("a", 60), ("b", 50), ("c", 70), ("day@0.5s", 100),
        ("a-2", 60), ("b-2", 50), ("c-2", 70),
    ]  # fmt: skip


def test_a_name_keeps_the_spaces_of_its_file(folder):
    (folder / "day.wav").rename(folder / "a day.wav")
    assert names({"file": "a day.wav", "end": "0.5 s"}, base=folder) == ["a day@0s"]


def test_names_that_are_the_same_are_numbered_and_never_collide(folder):
    parts = [{"taps": [1, 2], "name": name} for name in ("x", "x-2", "x", "x", "x-2")]
    found = names(parts)
    assert found[:2] == ["x", "x-2"]
    assert len(set(found)) == 5
    assert names([{"taps": [1, 2], "name": "x"}] * 3) == ["x", "x-2", "x-3"]


@pytest.mark.parametrize(
    ("part", "frames", "name"),
    [
        ({"start": "0.25 s", "end": "0.5 s"}, (2000, 4000), "day@0.25s"),
        ({"start": "10 samples", "end": "12 samples"}, (10, 12), "day@10samples"),
        ({"start": 0.25, "length": "250 ms"}, (2000, 4000), "day@0.25s"),
        ({"end": "0.5 s"}, (0, 4000), "day@0s"),
        ({"length": "2 samples"}, (0, 2), "day@0s"),
        ({"start": "0.9 s"}, (7200, 8000), "day@0.9s"),
        ({"start": "0.5 s", "end": "1 s"}, (4000, 8000), "day@0.5s"),
        ({"start": "0.5 s", "name": "wren"}, (4000, 8000), "wren"),
    ],
)
@pytest.mark.parametrize("extension", ["wav", "npy", "txt"])
def test_a_slice_is_those_frames_and_its_end_is_not_in_it(tmp_path, monkeypatch, part, frames, name, extension):
    monkeypatch.setattr(module, "_BLOCK", 1000)  # so that a slice begins in one block and ends in another
    x = np.round(noise(FS) / 8, 4)
    if extension == "wav":
        sf.write(tmp_path / "day.wav", x, FS, subtype="DOUBLE")
    else:
        (np.save if extension == "npy" else np.savetxt)(tmp_path / f"day.{extension}", x)
    (found,) = load({"file": f"day.{extension}", **part}, base=tmp_path)
    assert found.name == name
    np.testing.assert_array_equal(found.taps[:, 0], x[slice(*frames)])


@pytest.mark.parametrize(
    ("written", "match"),
    [
        (
            {"file": "day.wav", "start": "0.5 s", "end": "1.1 s"},
            r"day\.wav lasts 1 s \(8000 frames\).*: 0\.5 s to 1\.1 s",
        ),
        (
            {"file": "day.wav", "start": "1 s"},
            r"day\.wav lasts 1 s \(8000 frames\); the slice is outside it: 1 s to its",
        ),
        ({"file": "day.wav", "end": "8001 samples"}, r"lasts 1 s \(8000 frames\); the slice is outside"),
        ({"file": "day.wav", "start": "0.5 s", "end": "0.5 s"}, "a slice ends after it starts, got 0.5 s to 0.5 s"),
        ({"file": "day.wav", "start": "0.5 s", "end": "0.25 s"}, "a slice ends after it starts, got 0.5 s to 0.25 s"),
        ({"file": "no.wav", "start": "0.5 s"}, r"cannot read .*no\.wav: No such file or directory"),
        ("no.wav", r"cannot read .*no\.wav: No such file or directory"),
        ({"folder": "no"}, r"cannot read the folder .*no: No such file or directory"),
        ({"folder": "day.wav"}, r"cannot read the folder .*day\.wav: Not a directory"),
        ("calls/more", r"the folder .*more holds no template; known are .*\.npy.*\.wav"),
        ({"file": "calls", "name": "x"}, "calls is a folder: its templates are called as their files, not 'name'"),
        ({"file": "scalar.npy", "start": "0 s", "length": "1 samples"}, "scalar@0s: is constant"),
        ([1, 1, 1], "t0: is constant: it has no shape to compare"),
        ([5], "t0: is constant"),
        ([0.1 + 0.2, 0.3], "t0: is constant"),
        ("calls/notes.md", r"notes\.md"),
        (
            "labels.csv",
            r"labels\.csv: line 2, column 'label' 'chirp' is no number; .*a row is a frame, a column a channel",
        ),
    ],
)
def test_what_is_no_template_of_this_signal_is_refused_at_its_setting(folder, written, match):
    with pytest.raises(SettingError, match=match) as error:
        load(written, base=folder)
    assert error.value.path == ("template",)


def test_a_template_of_another_rate_is_refused_whole_or_sliced(folder):
    sf.write(folder / "fast.wav", noise(100) / 8, 44100)
    for written in ("fast.wav", {"file": "fast.wav", "start": "10 samples"}):
        with pytest.raises(SettingError, match=r"fast\.wav is sampled at 44100 Hz, the input at 8000 Hz; convert it"):
            load(written, base=folder)


def test_channels_are_one_or_those_of_the_signal(folder):
    np.save(folder / "two.npy", noise(20, 2))
    np.save(folder / "routes.npy", noise(20, 2, 2))
    assert load("two.npy", fmt=STEREO, base=folder)[0].taps.shape == (20, 2)
    assert load("day.wav", fmt=STEREO, base=folder)[0].taps.shape == (FS, 1)
    with pytest.raises(SettingError, match="two: has 2 channels, the signal 1"):
        load("two.npy", base=folder)
    with pytest.raises(SettingError, match=r"routes: a template has shape \(frames, channels\), got \(20, 2, 2\)"):
        load("routes.npy", fmt=STEREO, base=folder)
    np.save(folder / "flat.npy", np.stack([noise(20), np.ones(20)], axis=1))
    with pytest.raises(SettingError, match="flat: is constant in channel 1"):
        load("flat.npy", fmt=STEREO, base=folder)


def test_a_template_is_at_most_as_long_as_a_kernel(tmp_path):
    np.save(tmp_path / "long.npy", np.zeros(MAX_TAPS + 1, np.int8))
    with pytest.raises(SettingError, match=r"long\.npy: a kernel has at most 10,000,000 taps"):
        load("long.npy", base=tmp_path)
    with pytest.raises(SettingError, match=r"long\.npy: a kernel has at most 10,000,000 taps"):
        load({"file": "long.npy", "start": "0 s"}, base=tmp_path)


@pytest.mark.parametrize(
    ("written", "match"),
    [
        ([], "must be a list of numbers"),
        ({}, "exactly one of 'file', 'folder' and 'taps', got none"),
        ({"file": "a.wav", "taps": [1, 2]}, "exactly one of 'file', 'folder' and 'taps', got file and taps"),
        ({"taps": [1, 2], "start": "1 s"}, "are for a slice of a 'file', not of 'taps'"),
        ({"folder": "a", "length": "1 s"}, "are for a slice of a 'file', not of 'folder'"),
        ({"file": "a.wav", "end": "1 s", "length": "1 s"}, "state the end of a slice once: 'end' or 'length'"),
        ({"folder": "a", "name": "x"}, "'name' is for one template"),
        ({"file": "a.wav", "start": "-1 s"}, "must be at least 0 s, got -1 s"),
        ({"file": "a.wav", "length": 0}, "must be above 0 s, got 0 s"),
        ({"file": "a.wav", "name": ""}, "at least 1 character"),
        ({"from": "a.wav"}, "unknown setting"),
        ([1, "a.wav"], r"must be finite numbers, got 'a.wav' at \[1\]"),
        ([1, float("nan")], r"must be finite numbers, got nan at \[1\]"),
        (7, "must be a list of numbers, got 7"),
        (None, "exactly one of 'file', 'folder' and 'taps', got none"),
        ("", "must be a path"),
    ],
)
def test_what_no_template_can_be_is_refused(written, match):
    with pytest.raises(SettingError, match=match):
        Search(template=written)


FORMS = (
    "a.wav",
    [0, 1.5, 2],
    [[1, 2], [3, 4]],
    {"file": "a.wav", "start": "1.2 s", "end": "1.6 s"},
    {"folder": "calls"},
    {"taps": [1, 2], "name": "x"},
    ["a.wav", [1, 2], {"folder": "calls"}, {"file": "b.wav", "length": "400 samples"}],
)


@pytest.mark.parametrize("written", FORMS)
def test_settings_are_written_and_read_back(written):
    search = Search(template=written)
    for unset in (True, False):
        text = yaml.safe_dump(search.model_dump(mode="json", exclude_unset=unset))
        assert Search(**yaml.safe_load(text)) == search


def test_the_schema_takes_every_form():
    schema = Search.model_json_schema()
    for good in FORMS:
        jsonschema.validate({"template": good}, schema)
    for bad in ([], 7, {"fil": "a.wav"}, [{"file": 1}], {"file": "a.wav", "start": [1]}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"template": bad}, schema)


def test_every_file_that_is_read_is_known_so_that_no_output_replaces_it(folder):
    written = ["day.wav", {"file": "x.wav", "start": "1 s"}, {"folder": "calls"}]
    search = Search.model_validate({"template": written}, context={"base": folder})
    read = set(files_named_in(search))
    assert {folder / "day.wav", folder / "x.wav", folder / "calls" / "a.txt", folder / "calls" / "c.WAV"} <= read
