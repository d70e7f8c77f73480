"""The key of an item changes with everything its output follows from, and with nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from pipeline.batch.resume import Check, Names, as_text, changes, digest, identity, key_of, recipe_of
from pipeline.config.load import parse_config

TEXT = """\
version: 1
input: in/*.wav
output: out/{stem}.wav
stages:
  - {use: echo, id: echo, delay: 250 ms, gain: -6 dB}
  - {use: parallel, branches: [[{use: reverb, ir: room.wav}], [{use: gain, gain: 0.5}]]}
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    sf.write(tmp_path / "room.wav", np.r_[1.0, 0.5], 8000)
    return tmp_path


def recipe(place: Path, text: str = TEXT, check: Check = "stat") -> dict[str, Any]:
    return recipe_of(parse_config(text, base=place).settings, place, check)


def same_size(path: Path) -> None:
    """Other content of the same size, at another time."""
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(1, 1))


CHANGED: dict[str, tuple[str, str, str]] = {
    "a setting": ("250 ms", "300 ms", "setting stages[0].delay changed: 0.25 s -> 0.3 s"),
    "a setting in a branch": ("0.5}]", "0.25}]", "setting stages[1].branches[1][0].gain changed: 0.5 -> 0.25"),
    "an option": ("stages:", "precision: single\nstages:", "setting precision changed: double -> single"),
    "the format": ("stages:", "format: {dither: tpdf}\nstages:", "setting format.dither changed: none -> tpdf"),
    "clipping": ("stages:", "clip: scale\nstages:", "setting clip changed: warn -> scale"),
    "one stage more": ("stages:", "stages:\n  - {use: gain, gain: 2}", "stages changed: 2 -> 3"),
}


@pytest.mark.parametrize("what", CHANGED)
def test_settings_change_it_and_are_told(what: str, place: Path) -> None:
    old, new, told = CHANGED[what]
    before, after = recipe(place), recipe(place, TEXT.replace(old, new))
    assert key_of(as_text(before), None, "o") != key_of(as_text(after), None, "o")
    assert changes(before, after) == [told]


def test_a_file_that_a_stage_reads_changes_it(place: Path) -> None:
    before = recipe(place)
    same_size(place / "room.wav")
    after = recipe(place)
    assert key_of(as_text(before), None, "o") != key_of(as_text(after), None, "o")
    assert changes(before, after) == ["file room.wav changed"]


def test_a_version_changes_it(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = recipe(place)
    monkeypatch.setattr("pipeline.batch.resume.version_of", lambda name: f"{name}-next")
    assert set(before["versions"]) == {"faltung"}
    assert changes(before, recipe(place))[0].endswith("-> faltung-next")
    assert key_of(as_text(before), None, "o") != key_of(as_text(recipe(place)), None, "o")


def test_another_library_of_transforms_changes_it_and_scipy_is_not_mentioned(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.batch.resume.library", lambda: "scipy")
    before = recipe(place)
    assert "transforms" not in before  # as manifests were before there was a choice
    monkeypatch.setattr("pipeline.batch.resume.library", lambda: "opencv")
    monkeypatch.setattr("pipeline.batch.resume.library_version", lambda: "opencv 5.0")
    after = recipe(place)
    assert changes(before, after) == ["transforms changed: scipy -> opencv 5.0"]
    assert changes(after, before) == ["transforms changed: opencv 5.0 -> scipy"]
    assert key_of(as_text(before), None, "o") != key_of(as_text(after), None, "o")


def test_input_and_output_change_it(place: Path) -> None:
    same = recipe(place)
    keys = {
        key_of(as_text(same), {"bytes": 1, "mtime_ns": 2}, "o"),
        key_of(as_text(same), {"bytes": 1, "mtime_ns": 3}, "o"),
        key_of(as_text(same), {"bytes": 2, "mtime_ns": 2}, "o"),
        key_of(as_text(same), {"bytes": 1, "mtime_ns": 2}, "p"),
    }
    assert len(keys) == 4


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.replace("input: in/*.wav", "input: [in/a.wav, b.wav]"),
        lambda text: text.replace("out/{stem}.wav", "elsewhere/{name}"),
        lambda text: text + "threads: 3\n",
        lambda text: text + "explain: true\n",
        lambda text: text + "batch: {jobs: 4, check: stat, timeout: 1 min, manifest: x.jsonl}\n",
        lambda text: "# a comment\n" + text.replace("250 ms", "0.25 s"),
        lambda text: text + "tail: keep\n",
    ],
)
def test_what_changes_no_sample_does_not(edit: Callable[[str], str], place: Path) -> None:
    assert recipe(place, edit(TEXT)) == recipe(place)


def test_the_folder_may_be_moved_and_named_in_other_ways(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = recipe(place)
    moved = place.parent / "moved"
    shutil.copytree(place, moved)  # keeps the times
    assert recipe(moved) == before
    monkeypatch.chdir(place.parent)
    assert recipe(Path(place.name)) == before


def test_by_content_the_time_does_not_matter_and_by_time_the_content_does_not(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    by_stat, by_hash = identity(path, "stat"), identity(path, "hash")
    os.utime(path, ns=(5, 5))
    assert identity(path, "stat") != by_stat
    assert identity(path, "hash") == by_hash
    path.write_bytes(b"abd")
    os.utime(path, ns=(5, 5))
    assert identity(path, "stat") == {"bytes": 3, "mtime_ns": 5}
    assert identity(path, "hash") != by_hash


def test_there_is_none_of_what_is_no_file(tmp_path: Path) -> None:
    assert identity(tmp_path, "stat") is None
    assert identity(tmp_path / "gone", "hash") is None
    assert identity(Path("a\0b"), "stat") is None
    assert identity(Path("/dev/null"), "hash") is None


def test_the_digest_is_blake2b_of_20_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    assert digest(tmp_path / "a") == "3345524abf6bbe1809449224b5972c41790b6cf2"  # b2sum -l 160 /dev/null


def test_a_key_is_the_hash_of_recipe_input_and_outputs_as_json(place: Path) -> None:
    """As batches that were begun by an earlier version have it in their manifests."""
    data, source = recipe(place), {"mtime_ns": 2, "bytes": 1}
    text = json.dumps([data, source, "o", "\u00e4.csv"], sort_keys=True)
    expected = hashlib.blake2b(text.encode(), digest_size=20).hexdigest()
    assert key_of(as_text(data), source, "o", "\u00e4.csv") == expected


@pytest.mark.parametrize("folder", ["out", "out/deep", ".", "/elsewhere", "out/../in"])
def test_names_are_paths_seen_from_the_folder(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = Names(Path(folder))
    for path in (
        "a.wav",
        "out/a.wav",
        "out/deep/x/a.wav",
        "../a.wav",
        "..",
        ".",
        "in/..",
        str(tmp_path / "in/a"),
        "/a",
    ):
        assert names(Path(path)) == os.path.relpath(path, folder), path
        assert names(Path(path)) == os.path.relpath(path, folder), "the second time"
