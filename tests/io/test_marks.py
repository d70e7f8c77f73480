"""Marks, loops and the clock of a WAV stand where their sound stands, whatever a chain of stages does to it."""

import struct

import numpy as np
import pytest
import soundfile

from pipeline.config.load import validate_config
from pipeline.io import probe
from pipeline.job import Job, run_job

from .helpers import chunk, fmt, riff

FS, FRAMES, AT, CLOCK = 8000, 16_000, (2_000, 5_000, 12_000), 36_000 * 8000


def marked(path, clock, extra):
    """A recording with clicks, marks and a loop at them, regions of 100 frames, and the time of day."""
    x = np.zeros(FRAMES, "<i2")
    x[list(AT)] = 20_000
    points = [struct.pack("<II4sIII", k, p, b"data", 0, 0, p) for k, p in enumerate(AT, 1)]
    texts = [chunk(b"ltxt", struct.pack("<IIIHHHH", k, 1, 0, 0, 0, 0, 0)) for k in range(1, len(AT) + 1)]
    loop = struct.pack("<6I", 0, 0, AT[0], AT[1], 0, 0)
    path.write_bytes(
        riff(
            fmt(fs=FS),
            chunk(b"bext", bytes(338) + struct.pack("<Q", clock) + bytes(256)),
            chunk(b"smpl", struct.pack("<9I", 0, 0, 125_000, 60, 0, 0, 0, 1, 0) + loop),
            chunk(b"data", x.tobytes()),
            chunk(b"cue ", struct.pack("<I", len(AT)) + b"".join(points)),
            chunk(b"LIST", b"adtl" + b"".join(texts)),
            *extra,
        )
    )
    return path


def run(tmp_path, stages, extra=(), clock=CLOCK, **settings):
    source = marked(tmp_path / "in.wav", clock, extra)
    job = Job.of(
        validate_config({"version": 1, "stages": stages, "format": {"subtype": "DOUBLE"}, **settings}, None).settings
    )
    report = run_job(job, source, tmp_path / "out.wav", overwrite=True)
    return dict(probe(tmp_path / "out.wav").chunks), report


def marks(chunks):
    points = range(24, len(chunks[b"cue "]), 24)
    return sorted(struct.unpack_from("<I", chunks[b"cue "], at)[0] for at in points)


def clicks(path):
    """Where the loudest frames are that are not of one sound."""
    y, found = np.abs(soundfile.read(path)[0]), []
    for _ in AT:
        k = int(y.argmax())
        found.append(k)
        y[max(0, k - 400) : k + 400] = 0
    return sorted(found)


CAUSAL = {"use": "fir", "kind": "lowpass", "cutoff": "1 kHz", "transition": "100 Hz", "phase": "causal"}
CENTRED = {"use": "convolve", "taps": [0.0, 0.5, 1.0, 0.5, 0.0]}
LATE = {"use": "convolve", "taps": [0.0] * 400 + [1.0, 0.5, 0.2, -0.1]}
# the noise of a measurement, the direct sound after 300 frames, the room
ROOM = {"use": "convolve", "taps": [0.003, -0.004] * 150 + [0.2, 1.0, 0.3, -0.25, 0.2, -0.1] + [0.05, -0.04] * 40}
FOUND = {"use": "convolve", "taps": [0.0, 0.3, 1.0, 0.2] + [0.0] * 900 + [0.8], "origin": 2}
CHAINS = {
    "nothing": ([{"use": "gain", "gain": "-6 dB"}], {}),
    "reverse": ([{"use": "reverse"}], {}),
    "twice reversed": ([{"use": "reverse"}, {"use": "reverse"}], {}),
    "up": ([{"use": "resample", "fs": 11025}], {}),
    "down": ([{"use": "resample", "fs": 6000}], {}),
    "delay": ([{"use": "delay", "delay": "0.25 s"}], {}),
    "linear phase": ([CAUSAL], {}),
    "smooth, causal": ([{"use": "smooth", "length": "9 samples", "window": "hann", "phase": "causal"}], {}),
    "pre-roll": ([{"use": "convolve", "taps": [0, 0.1, 0.3, 1.0, 0.4, 0.2], "origin": 3}], {"pre_roll": "keep"}),
    "pre-roll, resampled": ([CENTRED | {"origin": 2}, {"use": "resample", "fs": 12000}], {"pre_roll": "keep"}),
    "delay, reverse": ([{"use": "delay", "delay": "0.25 s"}, {"use": "reverse"}], {}),
    "reverse, delay": ([{"use": "reverse"}, {"use": "delay", "delay": "0.25 s"}], {}),
    "reverse, down": ([{"use": "reverse"}, {"use": "resample", "fs": 5000}], {}),
    "linear phase, reverse, up": ([CAUSAL, {"use": "reverse"}, {"use": "resample", "fs": 16000}], {}),
    "echo": ([{"use": "echo", "delay": "0.1 s", "gain": 0.3}], {}),
    "reverse echo": ([{"use": "reverse"}, {"use": "echo", "delay": "0.1 s", "gain": 0.3}, {"use": "reverse"}], {}),
    "begins late": ([LATE], {}),
    "begins late, reverse, up": ([LATE, {"use": "reverse"}, {"use": "resample", "fs": 16000}], {}),
    "delay and echo as taps": ([{"use": "convolve", "taps": [0.0] * 200 + [1.0] + [0.0] * 900 + [0.6]}], {}),
    "room": ([ROOM], {}),
    "reverse room": ([{"use": "reverse"}, ROOM, {"use": "reverse"}], {}),
    "room, pre-roll": ([FOUND, ROOM], {"pre_roll": "keep"}),
    "undone room": ([{"use": "deconvolve", "taps": [0.0] * 90 + [1.0, 0.2, 0.1]}], {"pre_roll": "keep"}),
    "trimmed tail": ([CAUSAL], {"tail": "trim"}),
}


@pytest.mark.parametrize(("stages", "settings"), CHAINS.values(), ids=CHAINS)
def test_marks_loops_and_the_clock_are_where_the_sound_is(tmp_path, stages, settings):
    chunks, report = run(tmp_path, stages, **settings)
    fs, heard = report.plan.format_out.fs, clicks(tmp_path / "out.wav")
    np.testing.assert_allclose(marks(chunks), heard, atol=0.5 + 1e-9)
    backwards = sum(stage["use"] == "reverse" for stage in stages) % 2
    first, last = struct.unpack_from("<II", chunks[b"smpl"], 44)
    assert [first, last] == (marks(chunks)[1:] if backwards else marks(chunks)[:2])
    assert abs(struct.unpack_from("<I", chunks[b"smpl"], 8)[0] - 1e9 / fs) <= 0.5
    clock = struct.unpack_from("<Q", chunks[b"bext"], 338)[0]
    if backwards:
        assert clock == 0
        assert "the time of day in bext" in " ".join(report.warnings)
    else:
        assert clock / fs + heard[0] / fs == pytest.approx(CLOCK / FS + AT[0] / FS, abs=1 / fs)


def test_a_delay_that_is_longer_than_a_kernel_moves_them_too(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.stages.delay.MAX_TAPS", 1000)
    chunks, report = run(tmp_path, [{"use": "delay", "delay": "0.25 s"}])
    assert report.plan.stages[0].kernel is None
    assert marks(chunks) == clicks(tmp_path / "out.wav") == [p + 2000 for p in AT]


@pytest.mark.parametrize(("taps", "fs"), [(301, 6000), (301, 11025), (77, 44100)])
def test_a_linear_phase_response_at_another_rate_moves_them_by_its_middle(tmp_path, taps, fs):
    h = np.hanning(taps) * np.sinc((np.arange(taps) - taps // 2) / 4)
    soundfile.write(tmp_path / "h.wav", h, fs, subtype="DOUBLE")
    chunks, _ = run(tmp_path, [{"use": "reverb", "ir": str(tmp_path / "h.wav"), "resample": True}])
    heard = clicks(tmp_path / "out.wav")
    assert heard[0] > AT[0] + 5
    np.testing.assert_allclose(marks(chunks), heard, atol=1)


@pytest.mark.parametrize("template", [[1.0, 2.0, 4.0, 2.0, 1.0], [1.0, 2.0, 4.0, -2.0, 0.5]])
def test_the_score_of_a_template_stands_where_it_begins_symmetric_or_not(tmp_path, template):
    chunks, _ = run(tmp_path, [{"use": "correlate", "template": template}])
    assert marks(chunks) == list(AT)


def test_a_mark_that_is_left_out_takes_its_label_along(tmp_path):
    labels = [chunk(b"labl", struct.pack("<I", k) + b"abc"[k - 1 : k] + b"\0") for k in (1, 2, 3)]
    source = marked(tmp_path / "in.wav", CLOCK, [chunk(b"LIST", b"adtl" + b"".join(labels))])
    moved_to = {}
    for delay in ("1 s", "1.9 s"):
        stages = [{"use": "delay", "delay": delay}]
        job = Job.of(validate_config({"version": 1, "stages": stages, "tail": "trim"}, None).settings)
        run_job(job, source, tmp_path / "out.wav", overwrite=True)
        moved_to[delay] = b"".join(data for name, data in probe(tmp_path / "out.wav").chunks if name == b"LIST")
    assert b"labl" + struct.pack("<II", 6, 1) + b"a\0" in moved_to["1 s"]
    assert b"labl" + struct.pack("<II", 6, 3) not in moved_to["1 s"]
    assert b"labl" not in moved_to["1.9 s"]


def test_what_a_sampler_put_behind_its_loops_is_no_loop(tmp_path):
    source = marked(tmp_path / "in.wav", 0, [])
    data, own = source.read_bytes(), bytes(range(24))
    at = data.index(b"smpl")
    smpl = chunk(b"smpl", data[at + 8 : at + 68] + own)
    smpl = smpl[:40] + struct.pack("<I", len(own)) + smpl[44:]
    data = data[:at] + smpl + data[at + 68 :]
    source.write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])
    job = Job.of(validate_config({"version": 1, "stages": [{"use": "reverse"}]}, None).settings)
    report = run_job(job, source, tmp_path / "out.wav")
    found = dict(probe(tmp_path / "out.wav").chunks)[b"smpl"]
    assert struct.unpack_from("<II", found, 28) == (1, 24)
    assert found[60:] == own
    assert report.warnings == ()


TIMED = {
    "loopstart": "1000",
    "LoopLength": "500",
    "chapter001": "00:00:01.000",
    "chapter001name": "Two",
    "cuesheet": "INDEX 01 00:01:00",
    "time_reference": "44100",
    "lyrics": "[00:01.00] la",
}
PLAIN = {"title": "Loop", "lyricist": "[01:00]", "loop": "yes", "unsyncedlyrics": "la", "chapter": "3"}


@pytest.mark.parametrize(
    "stage", [{"use": "reverse"}, {"use": "delay", "delay": "1 s"}, {"use": "resample", "fs": 4000}]
)
def test_texts_that_tell_times_go_only_where_nothing_moves(tmp_path, stage):
    mutagen = pytest.importorskip("mutagen.flac", reason="mutagen is not installed")
    soundfile.write(tmp_path / "in.flac", np.zeros(8000), 8000)
    file = mutagen.FLAC(tmp_path / "in.flac")
    file.update({**TIMED, **PLAIN, "tlen": "1000"})
    file.save()
    job = Job.of(validate_config({"version": 1, "stages": [{"use": "gain", "gain": 0.5}]}, None).settings)
    run_job(job, tmp_path / "in.flac", tmp_path / "same.flac")
    assert {name.lower() for name in {**TIMED, **PLAIN, "tlen": ""}} <= set(dict(probe(tmp_path / "same.flac").tags))
    job = Job.of(validate_config({"version": 1, "stages": [stage]}, None).settings)
    report = run_job(job, tmp_path / "in.flac", tmp_path / "out.flac")
    there = dict(probe(tmp_path / "out.flac").tags)
    assert set(PLAIN) <= set(there)
    assert not {name.lower() for name in (*TIMED, "tlen")} & set(there)
    (words,) = report.warnings
    assert all(name.lower() in words for name in (*TIMED, "tlen"))


def test_a_length_told_in_a_text_goes_where_the_output_is_longer(tmp_path):
    mutagen = pytest.importorskip("mutagen.flac", reason="mutagen is not installed")
    soundfile.write(tmp_path / "in.flac", np.zeros(8000), 8000)
    file = mutagen.FLAC(tmp_path / "in.flac")
    file.update({"tlen": "1000", "loopstart": "5"})
    file.save()
    stages = [{"use": "echo", "delay": "0.5 s", "gain": 0.5}]
    job = Job.of(validate_config({"version": 1, "stages": stages}, None).settings)
    report = run_job(job, tmp_path / "in.flac", tmp_path / "out.flac")
    assert [name for name, _ in probe(tmp_path / "out.flac").tags if name in ("tlen", "loopstart")] == ["loopstart"]
    assert any("metadata not carried: tlen" in one for one in report.warnings)


def test_markers_that_an_editor_wrote_into_xmp_go_only_where_nothing_moves(tmp_path):
    for xmp, kept in ((b"<rdf xmpDM:startTime='5'/>", False), (b"<rdf dc:title='5'/>", True)):
        chunks, report = run(tmp_path, [{"use": "reverse"}], extra=[chunk(b"_PMX", xmp)])
        assert (b"_PMX" in chunks) == kept
        assert any("_PMX" in one for one in report.warnings) != kept


def test_what_lies_outside_of_the_output_afterwards_is_left_out_and_counted(tmp_path):
    later = [{"use": "delay", "delay": "1 s"}]
    chunks, report = run(tmp_path, later, tail="trim")
    assert marks(chunks) == [10_000, 13_000]
    assert any("cue (1 of 3 marks outside of the output)" in one for one in report.warnings)
    chunks, report = run(tmp_path, [{"use": "delay", "delay": "1.9 s"}], tail="trim")
    assert b"cue " not in chunks
    assert any("smpl (1 of 1 loops outside" in one for one in report.warnings)


def test_a_region_turned_round_begins_where_it_ended(tmp_path):
    texts = chunk(b"LIST", b"adtl" + chunk(b"ltxt", struct.pack("<IIIHHHH", 2, 101, 0, 0, 0, 0, 0)))
    chunks, _ = run(tmp_path, [{"use": "reverse"}], extra=[texts])
    assert marks(chunks) == sorted(FRAMES - 1 - p - (100 if p == AT[1] else 0) for p in AT)
    chunks, _ = run(tmp_path, [{"use": "resample", "fs": 4000}], extra=[texts])
    assert struct.pack("<II", 2, round(101 / 2)) in chunks[b"LIST"]


def test_a_clock_that_would_begin_the_day_before_is_left_out(tmp_path):
    chunks, report = run(tmp_path, [{"use": "delay", "delay": "1 s"}], clock=100)
    assert struct.unpack_from("<Q", chunks[b"bext"], 338)[0] == 0
    assert any("the time of day in bext" in one for one in report.warnings)


def test_what_tells_times_in_words_goes_only_where_nothing_moves(tmp_path):
    words = [chunk(name, b"<x>12</x>") for name in (b"iXML", b"guan", b"axml", b"inst", b"_PMX")]
    chunks, _ = run(tmp_path, [{"use": "gain", "gain": "-3 dB"}], extra=words)
    assert {b"iXML", b"guan", b"axml", b"inst", b"_PMX"} <= set(chunks)
    chunks, report = run(tmp_path, [{"use": "delay", "delay": "1 s"}], extra=words)
    assert {b"inst", b"_PMX"} <= set(chunks)
    assert any("metadata not carried: iXML, guan, axml" in one for one in report.warnings)


def test_numbers_of_a_big_endian_file_are_not_carried_into_a_little_endian_one(tmp_path):
    body = b"WAVE" + b"".join(
        chunk(name, data, order=">")
        for name, data in (
            (b"fmt ", struct.pack(">HHIIHH", 1, 1, FS, 2 * FS, 2, 16)),
            (b"cue ", struct.pack(">I4x", 0)),
            (b"data", bytes(20)),
        )
    )
    (tmp_path / "in.wav").write_bytes(b"RIFX" + struct.pack(">I", len(body)) + body)
    info = probe(tmp_path / "in.wav")
    assert (info.chunks, info.dropped) == ((), ("cue",))
