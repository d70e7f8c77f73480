"""Every configuration of the gallery runs, and does what its comments say."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

from pipeline.config.inputs import expand_inputs
from pipeline.config.load import LoadedConfig, load_config
from pipeline.io import read_signal
from pipeline.job import Job, Report, run_job

ROOT = Path(__file__).resolve().parents[1]
GALLERY = sorted((ROOT / "configs").glob("*.yaml"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gallery")
    for name in ("data", "configs"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def run(place: Path, name: str, source: str | None = None) -> tuple[Report, np.ndarray, LoadedConfig]:
    config = load_config(place / "configs" / f"{name}.yaml")
    first = place / "data" / source if source else expand_inputs(config.settings.input, config.base)[0]
    target = place / "out" / f"{name}-{first.stem}{first.suffix}"
    target.parent.mkdir(exist_ok=True)
    report = run_job(Job.of(config.settings), first, target, overwrite=True)
    samples, _ = read_signal(target, **Job.of(config.settings).reading)
    return report, samples, config


@pytest.mark.parametrize("path", GALLERY, ids=lambda path: path.stem)
def test_a_configuration_of_the_gallery_runs_clean(path: Path, place: Path) -> None:
    report, samples, config = run(place, path.stem)
    assert not config.warnings
    assert report.written.clipped == 0
    assert samples.shape == (report.plan.frames_out(report.frames_in), report.written.channels)
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() > 0.05


@pytest.mark.parametrize("path", GALLERY, ids=lambda path: path.stem)
def test_a_configuration_of_the_gallery_explains_itself(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith("# yaml-language-server: $schema=./schema.json\n# ")
    assert f"faltung run configs/{path.name}" in text
    assert max(map(len, text.splitlines())) <= 120


def test_the_gallery_has_what_was_promised() -> None:
    names = {path.stem for path in GALLERY}
    assert {
        "echo",
        "smooth",
        "hall",
        "contrast-convolve",
        "contrast-correlate",
        "batch",
        "time-series",
        "match",
    } <= names
    assert "reverse-reverb" in names


def test_the_search_finds_the_rising_chirps_and_no_falling_one(place: Path) -> None:
    rows = list(csv.DictReader((place / "data" / "chirps.csv").read_text("utf-8").splitlines()))
    report, _, config = run(place, "match")
    found = [event.start_frame for event in report.events[0].events]
    up = [int(row["start_frame"]) for row in rows if row["label"] == "up"]
    assert len(rows) > len(up) == len(found)
    assert np.abs(np.subtract(found, up)).max() <= 1
    assert config.settings.output is None


def test_convolution_is_silent_before_the_first_hit_and_correlation_is_not(place: Path) -> None:
    drums, info = read_signal(place / "data" / "drums.wav")
    first = int(np.flatnonzero(np.abs(drums).max(axis=1) > 1e-3)[0])
    convolved, conv, _ = run(place, "contrast-convolve")
    correlated, corr, _ = run(place, "contrast-correlate")
    assert convolved.plan.latency == 0
    before = correlated.plan.latency  # frames before time zero, kept
    assert not np.abs(conv[: first - 10]).max() > 1e-4
    assert np.abs(corr[: before + first - 10]).max() > 0.02
    assert len(corr) - before == info.frames  # nothing after the end
    assert len(conv) == info.frames + convolved.plan.tail


def test_the_studios_reverse_reverb_swells_before_the_first_note(place: Path) -> None:
    report, y, _ = run(place, "reverse-reverb")
    pluck, _ = read_signal(place / "data" / "pluck.wav")
    first = int(np.flatnonzero(np.abs(pluck[:, 0]) > 1e-3)[0])
    lead = y[: report.plan.latency + first - 10]
    quarters = [float((part**2).sum()) for part in np.array_split(lead, 4)]
    assert quarters[0] < quarters[1] < quarters[2] < quarters[3]


def test_the_time_series_keeps_its_rows_and_columns(place: Path) -> None:
    run(place, "time-series")
    before = (place / "data" / "sensor.csv").read_text("utf-8").splitlines()
    after = (place / "out" / "time-series-sensor.csv").read_text("utf-8").splitlines()
    assert after[0] == before[0]
    assert [line.split(",")[0] for line in after] == [line.split(",")[0] for line in before]


def test_the_batch_takes_every_file_that_its_patterns_name(place: Path) -> None:
    config = load_config(place / "configs" / "batch.yaml")
    names = [path.name for path in expand_inputs(config.settings.input, config.base)]
    assert names == ["clicks.wav", "pluck.wav", "speech_like.wav"]
    for name in names:
        report, _, _ = run(place, "batch", name)
        assert report.written.fs == 48_000
