"""The true time from recordings to tables of events, pages and reports, and what recorded them; never made up."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from faltung_match_report.search_page import SearchPage

from pipeline.config.load import validate_config
from pipeline.io.clock import Clock
from pipeline.io.recorders import recorder_name
from pipeline.job import Hooks, Job, run_job
from tests.cli.conftest import Done, faltung, place  # noqa: F401
from tests.io.test_recorders import bext, comment, recording
from tests.match.helpers import chirp, coloured

from ..plugin_kit import Distributions

Faltung = Callable[..., Done]
FS, M = 8000, 400
MOTH = "AudioMoth 247AA5015FFE1A8E"


@pytest.fixture
def dists(tmp_path, monkeypatch):
    made = Distributions(tmp_path, monkeypatch)
    yield made
    made.forget()


def pcm(x: np.ndarray) -> np.ndarray:
    return np.round(x * 32_767).astype("<i2")


def night(path: Path, start: datetime, at: int, seed: int) -> None:
    """A recording of an AudioMoth, in a zone half an hour off, with one call at a frame."""
    x = 0.02 * coloured(4_000, seed)
    x[at : at + M] += 0.4 * chirp(M)
    words = f"Recorded at {start:%H:%M:%S %d/%m/%Y} (UTC-3:30) by {MOTH} at medium gain while battery was 4.0V."
    recording(path, [comment(words)], pcm(x), FS)


def test_a_folder_of_recordings_searched_by_two_workers_is_one_table_in_utc(faltung: Faltung, place: Path) -> None:  # noqa: F811
    sf.write("call.wav", chirp(M), FS, subtype="FLOAT")
    (place / "nights").mkdir()
    rng, began, expected = np.random.default_rng(4), datetime(2024, 6, 30, 22, 0, 0), []
    for number in range(200):
        start, at = began + timedelta(minutes=7 * number), int(rng.integers(0, 3_600))
        name = f"nights/{start:%Y%m%d_%H%M%S}.WAV"
        night(place / name, start, at, number)
        true = start + timedelta(hours=3, minutes=30) + timedelta(microseconds=round(at * 1e6 / FS))
        expected.append((name, f"{true.isoformat(timespec='microseconds')}Z"))
    done = faltung("match", "nights/*.WAV", "--template", "call.wav", "--jobs", "2", "-o", "calls.csv")
    assert done.code == 0
    with (place / "calls.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["file"], row["start_utc"]) for row in rows] == expected
    assert {(row["resolution_s"], row["recorder"]) for row in rows} == {("1.0", MOTH)}
    local = datetime.fromisoformat(rows[-1]["start_local"])
    assert local.utcoffset() == timedelta(hours=-3, minutes=-30)


@pytest.mark.parametrize(
    ("chunks", "tags", "name"),
    [
        (
            [(b"guan", b"GUANO|Version:1.0\nMake: Wildlife Acoustics\nModel:SM4\nSerial: S4U1\n")],
            (),
            "Wildlife Acoustics SM4 S4U1",
        ),
        ([], (("comment", f"Recorded at 22:00:00 30/06/2024 (UTC) by {MOTH} at gain"),), MOTH),
        ([(b"wamd", b"\x01\0\x04\0\0\0SM4\0\x02\0\x03\0\0\0S42")], (), "SM4 S42"),
        ([bext("2024-06-30", "22:00:00", 5)], (), "maker"),
        ([], (("comment", "a walk"), ("artist", "Zoe"), ("recorder", "OBS 7")), "OBS 7"),
        ([(b"guan", b"GUANO|Version:1.0\n"), (b"bext", bytes(602))], (("artist", "Zoe"),), None),
    ],
)
def test_what_recorded_is_told_or_left_open(chunks, tags, name):
    chunks = [
        (key, raw[:256] + b"maker".ljust(32, b"\0") + raw[288:] if name == "maker" else raw) for key, raw in chunks
    ]
    assert recorder_name(chunks, tags) == name


def test_a_recorder_is_told_where_there_is_no_time(tmp_path, faltung: Faltung, place: Path) -> None:  # noqa: F811
    guan = (b"guan", b"GUANO|Version:1.0\nMake:Acme\n")
    recording(place / "a.wav", [guan], pcm(0.1 * coloured(4_000, 1)), FS)
    (found,) = faltung("match", "a.wav", "--template", "0.1:0.2", "--json").json["files"]
    (event,) = found["events"]
    assert (event["recorder"], event["start_utc"], event["resolution_s"], found["time"]) == ("Acme", None, None, "")


def test_a_report_says_what_told_the_time_of_each_file_or_nothing(faltung: Faltung, place: Path) -> None:  # noqa: F811
    x = pcm(0.1 * coloured(4_000, 1))
    recording(place / "a.wav", [comment("Recorded at 22:00:00 30/06/2024 (UTC) by AudioMoth 1")], x, FS)
    recording(place / "b.wav", [bext("2024-06-30", "22:00:00", 8_001)], x, FS)
    recording(place / "c.wav", [], x, FS)
    (place / "c.yaml").write_text("version: 1\nstages: [{use: gain, gain: 0.5}]\noutput: 'o/{name}'\nreport: r.html\n")
    assert faltung("run", "c.yaml", "a.wav", "b.wav", "c.wav").code == 0
    files = {one["item"]: one for one in json.loads((place / "r.json").read_text())["files"]}
    (moth,) = files["a.wav"]["clocks"]
    assert (moth["start_utc"], moth["source"], moth["resolution_s"]) == (
        "2024-06-30T22:00:00.000000Z",
        "AudioMoth's comment",
        1.0,
    )
    assert files["b.wav"]["clocks"][0]["start_utc"] is None  # it tells no zone
    assert files["c.wav"]["clocks"] == []
    page = (place / "r.html").read_text()
    assert "starts at 2024-06-30T22:00:00.000000Z, by AudioMoth&#39;s comment, to 1 s" in page
    assert "starts at 2024-06-30T00:00:01.000125, in no zone that is told, by the bext chunk, to 0.000125 s" in page
    assert page.count("starts at") == 2


def test_the_page_of_a_search_shows_times_drift_and_gaps(tmp_path, monkeypatch):
    x = 0.02 * coloured(24_000, 1)
    for at in (1_000, 17_000):
        x[at : at + M] += 0.4 * chirp(M)
    sf.write(tmp_path / "day.wav", x, FS, subtype="FLOAT")
    sf.write(tmp_path / "call.wav", chirp(M), FS, subtype="FLOAT")
    pieces = [(0, 0), (8_000, 10**9 + 60_000), (12_000, 3 * 10**9 // 2 + 120_000), (16_000, 4 * 10**9 + 120_000)]
    clock = Clock.of_pieces("3 records", FS, 1e-6, [(frame, 1_719_784_800 * 10**9 + ns) for frame, ns in pieces])
    job = Job.of(
        validate_config({"version": 1, "stages": [{"use": "match", "template": str(tmp_path / "call.wav")}]}).settings
    )
    page = SearchPage(tmp_path / "day.html")
    from dataclasses import replace

    import pipeline.job
    from pipeline.io import open_reader

    def told(path, **options):
        reader = open_reader(path, **options)
        reader.info = replace(reader.info, clocks=(clock,), tags=(("recorder", "OBS 7"),))
        return reader

    monkeypatch.setattr(pipeline.job, "open_reader", told)
    report = run_job(job, tmp_path / "day.wav", None, hooks=Hooks(envelope_in=page.waveform, envelope_out=page.scores))
    for file in page.begin(job, str(tmp_path / "day.wav"), report, overwrite=False):
        file.commit()
    html = (tmp_path / "day.html").read_text()
    said = "by 3 records, to 1e-06 s; its clock drifts +0.00012 s to the end; 1 gap: +2 s before frame 16,000."
    assert f"<p>Starts at 2024-06-30T22:00:00.000000Z, {said} Recorded by OBS 7.</p>" in html
    assert '<td data-l="true time">2024-06-30T22:00:00.125000Z</td>' in html
    assert '<td data-l="true time">2024-06-30T22:00:04.125120Z</td>' in html


TWO = """
import numpy as np
from pipeline.errors import ReadError
from pipeline.io import Reader, ReaderKind, SignalInfo

class R(Reader):
    def __init__(self, source, options):
        data = np.frombuffer(source.read(1 << 20)[4:], "f8").reshape(2, -1)
        if len(options.source) != 1:
            raise ReadError(source.name, "holds the signals Z, N; choose one with source")
        self.x = data["ZN".index(options.source[0])]
        super().__init__(SignalInfo(8000.0, 1, len(self.x), "TWO", "DOUBLE"), options.dtype)
    def _read_piece(self, frames):
        return self.x[self.frames_read : self.frames_read + frames, None].astype(self._dtype)
    def close(self):
        pass

READER = ReaderKind("TWO", lambda head: head.startswith(b"TWO0"), R)
"""


def test_one_signal_of_a_file_of_several_is_searched_for_a_slice_of_it(dists, faltung: Faltung, place: Path) -> None:  # noqa: F811
    dists.add("acme-two", TWO, reader="acme.two = READER")
    z, n = 0.02 * coloured(8_000, 1), 0.02 * coloured(8_000, 2)
    for at in (1_000, 5_000):
        n[at : at + M] += 0.4 * chirp(M)
    (place / "x.two").write_bytes(b"TWO0" + z.tobytes() + n.tobytes())
    done = faltung("match", "x.two", "--template", "0.125:0.175", "--source", "N", "--json")
    assert [event["start_frame"] for event in done.json["files"][0]["events"]] == [1_000, 5_000]
    (place / "p.csv").write_text("start,end\n0.625,0.675\n")
    done = faltung("match", "x.two", "--template", "@p.csv", "--source", "N", "--save", "c.yaml", "--truth", "p.csv")
    assert "1 hit, 0 missed, 1 false alarm" in done.err
    assert faltung("run", "c.yaml", "-s", "events=e.csv").code == 0
    assert faltung("match", "x.two", "--template", "0.125:0.175").code != 0
