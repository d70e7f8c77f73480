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
