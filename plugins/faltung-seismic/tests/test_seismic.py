"""MiniSEED and SAC made here, by pymseed's writer and by hand, against the samples and times that went in."""

from __future__ import annotations

import struct
import tracemalloc
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from faltung_seismic import MSEED, SAC
from pymseed import DataEncoding, MS3Record

from pipeline import find_matches
from pipeline.errors import ReadError, UsageError
from pipeline.io import open_reader
from pipeline.testing import check_reader

T0 = datetime(2024, 3, 1, tzinfo=UTC)


def records(x, start=0.0, fs=100.0, sid="FDSN:XX_TEST__B_H_Z", encoding=DataEncoding.STEIM2, version=2, each=None):
    """Records of x that begin ``start`` seconds after T0, each with its own time; ``each`` samples a record."""
    out = []
    for first in range(0, len(x), each or len(x)):
        part = x[first : first + (each or len(x))]
        r = MS3Record()
        r.sourceid, r.samprate, r.reclen, r.formatversion, r.encoding = sid, fs, 512, version, encoding
        at = T0 + timedelta(microseconds=round((start + first / fs) * 1e6))
        r.set_starttime_str(at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
        kind = {"i": "i", "f": "f" if x.dtype.itemsize == 4 else "d"}[x.dtype.kind]
        out += list(r.generate(data_samples=part, sample_type=kind))
    return out


def noise(n, seed=0):
    return np.random.default_rng(seed).integers(-5000, 5000, n).astype(np.int32)


def write(path, *parts):
    path.write_bytes(b"".join(b"".join(part) if isinstance(part, list) else part for part in parts))
    return path


def read(path, **how):
    with open_reader(path, **how) as reader:
        return np.concatenate(list(reader.blocks(1000))), reader.info, reader.warnings


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize(
    ("encoding", "dtype"),
    [(DataEncoding.STEIM1, "i4"), (DataEncoding.STEIM2, "i4"), (DataEncoding.INT32, "i4"),
     (DataEncoding.FLOAT32, "f4"), (DataEncoding.FLOAT64, "f8")],
)  # fmt: skip
def test_contract(tmp_path, version, encoding, dtype):
    # a file that is cut between two records is a whole file: one that is cut at a half or a third is not cut there
    parts = next(
        (x, made)
        for x in (noise(n).astype(dtype) for n in range(500, 3000, 100))
        if len(b"".join(made := records(x, encoding=encoding, version=version))) // 512 % 6 in (1, 5)
    )
    x = parts[0]
    write(tmp_path / "a.mseed", parts[1])
    check_reader(MSEED, tmp_path / "a.mseed", x[:, None].astype(float), 100.0)


def test_records_out_of_order_and_interleaved_channels_are_put_in_order(tmp_path):
    z, e = noise(3000, 1), noise(3000, 2)
    rz = records(z, each=100)
    re = records(e, sid="FDSN:XX_TEST__B_H_E", each=100)
    mixed = [one for pair in zip(reversed(rz), re, strict=True) for one in pair]
    got, info, _ = read(write(tmp_path / "a.mseed", mixed))
    assert info.names == ("XX.TEST..BHE", "XX.TEST..BHZ")
    np.testing.assert_array_equal(got, np.stack([e, z], 1))


@pytest.mark.parametrize("gap", [0.006, 0.01, 0.5, 20.0])
def test_a_gap_is_refused_or_filled_and_times_behind_it_are_true(tmp_path, gap):
    x = noise(500)
    path = write(tmp_path / "a.mseed", records(x[:200]), records(x[200:], 2.0 + gap))
    with pytest.raises(ReadError, match=r"a gap of \d+ frames before frame 200; set gaps: interpolate or nan"):
        open_reader(path)
    missing = max(1, round(gap * 100))
    got, info, _ = read(path, gaps="nan")
    assert np.isnan(got[200 : 200 + missing, 0]).all()
    np.testing.assert_array_equal(got[200 + missing :, 0], x[200:])
    assert info.clocks[0].utc(200 + missing) == (T0 + timedelta(seconds=2.0 + gap)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    line, _, _ = read(path, gaps="interpolate")
    expected = np.interp(np.arange(200, 200 + missing), [199, 200 + missing], [x[199], x[200]])
    np.testing.assert_allclose(line[200 : 200 + missing, 0], expected, atol=1e-9)


@pytest.mark.parametrize("same", [True, False])
def test_of_an_overlap_the_earlier_record_is_kept_and_that_is_said(tmp_path, same):
    x = noise(500)
    later = x[150:].copy() if same else noise(350, 9)
    got, _, warnings = read(write(tmp_path / "a.mseed", records(x[:200]), records(later, 1.5)))
    np.testing.assert_array_equal(got[:, 0], np.concatenate([x[:200], later[50:]]))
    assert any("overlap by 50 frames; the earlier are kept" in one for one in warnings)


@pytest.mark.parametrize("seed", range(25))
def test_of_records_in_any_order_each_frame_is_that_of_the_earliest_and_has_its_time(tmp_path, seed):
    """Records anywhere on the grid, inside each other, touching, apart: held against frames put down one by one."""
    draw = np.random.default_rng(seed)
    step = 10 if seed % 2 else 1  # tens meet at their first frames
    spans = [(0, 40), *((step * int(draw.integers(0, 600 // step)), int(draw.integers(1, 120))) for _ in range(12))]
    parts = [(start, noise(count, 100 * seed + i)) for i, (start, count) in enumerate(spans)]
    placed = dict[int, int]()
    for start, x in sorted(parts, key=lambda part: (part[0], len(part[1]))):
        for k, value in enumerate(x.tolist()):
            placed.setdefault(start + k, value)
    order = draw.permutation(len(parts))
    path = write(tmp_path / "a.mseed", *(records(parts[i][1], parts[i][0] / 100) for i in order))
    got, info, warnings = read(path, gaps="nan")
    expected = [placed.get(frame, np.nan) for frame in range(max(placed) + 1)]
    np.testing.assert_array_equal(got[:, 0], expected)
    told = [info.clocks[0].ns(frame) for frame in placed]
    assert told == [info.clocks[0].ns(0) + frame * 10_000_000 for frame in placed]
    twice = sum(len(x) for _, x in parts) - len(placed)
    assert any(f"overlap by {twice} frames; the earlier are kept" in one for one in warnings) == (twice > 0)
    with open_reader(path, gaps="nan") as reader:
        reader.skip(137)
        np.testing.assert_array_equal(reader.read(200)[:, 0], expected[137:337])


@pytest.mark.parametrize(("late", "drop"), [(-0.4, 0), (-0.6, 1), (-1.4, 1), (-1.6, 2), (-99.0, 99), (-100.0, 100)])
def test_an_overlap_is_whole_frames_and_what_is_kept_has_the_time_of_its_own_record(tmp_path, late, drop):
    x, y, z = noise(100), noise(100, 1), noise(50, 2)
    start = 1.0 + late / 100
    path = write(tmp_path / "a.mseed", records(x), records(y, start), records(z, start + 1))
    got, info, _ = read(path, gaps="nan")
    # one that lies within the record before gives nothing, and the next goes on from the end of that
    np.testing.assert_array_equal(got[:, 0], np.concatenate([x, y[drop:], z]))
    if drop < 100:
        at = T0 + timedelta(seconds=start + drop / 100)
        assert info.clocks[0].utc(100) == at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_what_is_known_of_a_record_takes_little_memory(tmp_path, monkeypatch):
    """A busy day has hundreds of thousands of records; these differ by their times alone."""
    from faltung_seismic import index

    monkeypatch.setattr(index, "WINDOW", 1 << 16)
    one = records(noise(10))[0]

    def peak(count):
        out = bytearray(one * count)
        for i in range(count):
            minute, second = divmod(i // 10, 60)
            struct.pack_into(">BBBxH", out, 512 * i + 24, minute // 60, minute % 60, second, 1000 * (i % 10) + i % 7)
        write(tmp_path / "a.mseed", bytes(out))
        tracemalloc.start()
        with open_reader(tmp_path / "a.mseed", gaps="nan"):
            most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(100)
    assert (peak(45_000) - peak(15_000)) / 30_000 < 200


def test_a_clock_that_drifts_below_half_a_step_a_record_does_not_add_up(tmp_path):
    parts, x = [], noise(100_000)
    for i in range(1000):
        parts += records(x[100 * i : 100 * i + 100], start=i * 1.004)
    got, info, _ = read(write(tmp_path / "a.mseed", parts))
    np.testing.assert_array_equal(got[:, 0], x)
    assert info.clocks[0].drift_s == pytest.approx(3.996, abs=1e-6)
    assert info.clocks[0].utc(99_900) == (T0 + timedelta(seconds=999 * 1.004)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_an_event_of_each_channel_has_the_time_of_its_own_record(tmp_path):
    x, y = noise(2000, 1), noise(2000, 2)
    call = x[700:760].astype(float)
    y[700:760] = x[700:760]
    path = write(tmp_path / "a.mseed", records(x, each=100), records(y, 0.003, sid="FDSN:XX_TEST__B_H_E", each=100))
    found = find_matches(path, call.tolist(), threshold=0.999)
    assert [(e.channel, e.start_frame, e.start_utc) for e in found] == [
        (0, 700, "2024-03-01T00:00:07.003000Z"), (1, 700, "2024-03-01T00:00:07.000000Z"),
    ]  # fmt: skip


@pytest.mark.parametrize("fs", [0.05, 1 / 3, 20.0, 99.98765, 31.25, 1000.0])
def test_a_rate_that_is_no_whole_number_is_kept(tmp_path, fs):
    _, info, _ = read(write(tmp_path / "a.mseed", records(noise(50), fs=fs, version=3)))
    assert info.fs == pytest.approx(fs, rel=1e-12)


def test_several_rates_are_several_signals_each_by_its_name(tmp_path):
    x, slow = noise(500), noise(20, 3)
    path = write(tmp_path / "a.mseed", records(x), records(slow, fs=1.0, sid="FDSN:XX_TEST__L_H_Z"))
    with pytest.raises(ReadError, match=r"holds 2 signals, XX.TEST..BHZ, XX.TEST..LHZ; choose with source:") as told:
        open_reader(path)
    assert told.value.signals == ("XX.TEST..BHZ", "XX.TEST..LHZ")
    got, info, _ = read(path, source=["XX.TEST..LHZ"])
    assert (info.fs, got[:, 0].tolist()) == (1.0, slow.tolist())
    with pytest.raises(ReadError, match=r"source: there is no 'NO.NE..BHZ'; there are XX.TEST..BHZ, XX.TEST..LHZ"):
        open_reader(path, source=["NO.NE..BHZ"])


def test_what_is_no_record_is_passed_over_and_a_record_that_is_cut_is_an_error(tmp_path):
    x = noise(2000)
    parts = records(x, each=100)
    got, _, warnings = read(write(tmp_path / "a.mseed", parts[:5], bytes(512), b"VOL".ljust(512), parts[5:], bytes(70)))
    np.testing.assert_array_equal(got[:, 0], x)
    assert any("1094 bytes are no record" in one for one in warnings)
    path = write(tmp_path / "b.mseed", parts[:3], parts[3][:300])
    with pytest.raises(ReadError, match="its last record, at byte 1536, is cut: 300 bytes of it are there"):
        open_reader(path)
    assert len(read(path, truncated="accept")[0]) == 300


def test_records_of_text_and_without_a_rate_are_left_out(tmp_path):
    text = MS3Record()
    text.sourceid, text.samprate, text.reclen, text.encoding = "FDSN:XX_TEST__L_O_G", 0, 512, DataEncoding.TEXT
    text.set_starttime_str("2024-03-01T00:00:00Z")
    log = list(text.generate(data_samples="clock locked", sample_type="t"))
    x = noise(300)
    got, _, warnings = read(write(tmp_path / "a.mseed", log, records(x)))
    np.testing.assert_array_equal(got[:, 0], x)
    assert any("1 records of logs" in one for one in warnings)
    with pytest.raises(ReadError, match="holds no samples: its records are logs or events"):
        open_reader(write(tmp_path / "b.mseed", log))


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("window", [1000, 1024, 1031, 4096, 5000])
def test_no_record_is_lost_where_the_index_goes_from_one_window_to_the_next(tmp_path, monkeypatch, version, window):
    from faltung_seismic import index

    monkeypatch.setattr(index, "WINDOW", window)
    x = noise(20_000)
    parts = records(x, each=100, version=version)
    got, _, warnings = read(write(tmp_path / "a.mseed", parts))
    np.testing.assert_array_equal(got[:, 0], x)
    assert warnings == []
    got, _, warnings = read(write(tmp_path / "b.mseed", parts[:50], bytes(640), parts[50:]))
    np.testing.assert_array_equal(got[:, 0], x)
    assert warnings == ["640 bytes are no record; passed over"]


def test_seeking_goes_by_the_index(tmp_path):
    x = noise(50_000)
    path = write(tmp_path / "a.mseed", records(x, each=100))
    with open_reader(path) as reader:
        reader.skip(43_210)
        np.testing.assert_array_equal(reader.read(500)[:, 0], x[43_210:43_710])


# ---- SAC ------------------------------------------------------------------------------------------------------------


def sac(path, x, delta, order="<", begin=0.0, date=(2024, 61, 12, 30, 15, 250), **ints):
    floats, numbers = np.full(70, -12345.0, "f4"), np.full(40, -12345, "i4")
    floats[0], floats[5] = delta, begin
    numbers[:6], numbers[6], numbers[9], numbers[15], numbers[35] = date, 6, len(x), 1, 1
    for at, value in ints.items():
        numbers[int(at[1:])] = value
    texts = bytearray(b"-12345  " * 24)
    texts[0:8], texts[160:168], texts[168:176] = b"STA     ", b"BHZ     ", b"XX      "
    head = floats.astype(f"{order}f4").tobytes() + numbers.astype(f"{order}i4").tobytes() + bytes(texts)
    path.write_bytes(head + np.asarray(x, f"{order}f4").tobytes())
    return path


@pytest.mark.parametrize("order", ["<", ">"])
def test_sac_contract(tmp_path, order):
    x = noise(300).astype(float)
    check_reader(SAC, sac(tmp_path / "a.sac", x, 0.01, order), x[:, None], 100.0)


@pytest.mark.parametrize("fs", [16_000, 44_100, 48_000, 96_000, 192_000, 384_000, 100, 20, 0.5])
def test_the_rate_of_sac_is_that_of_its_step_in_single_precision(tmp_path, fs):
    with open_reader(sac(tmp_path / "a.sac", noise(10), 1 / fs)) as reader:
        assert reader.info.fs == fs


def test_sac_begins_at_its_reference_time_and_b(tmp_path):
    with open_reader(sac(tmp_path / "a.sac", noise(10), 0.01, begin=1.5)) as reader:
        assert reader.info.clocks[0].utc(0) == "2024-03-01T12:30:16.750000Z"
        assert reader.info.names == ("XX.STA..BHZ",)
    with open_reader(sac(tmp_path / "b.sac", noise(10), 0.01, date=(-12345,) * 6)) as reader:
        assert reader.info.clocks == ()


def test_sac_that_is_no_even_series_is_refused(tmp_path):
    with pytest.raises(ReadError, match="no evenly sampled time series"):
        open_reader(sac(tmp_path / "a.sac", noise(10), 0.01, i15=4))


def test_what_only_a_table_can_be_asked_is_refused_and_never_passed_over(tmp_path):
    for path, name in ((write(tmp_path / "a.mseed", records(noise(50))), "MiniSEED"),
                       (sac(tmp_path / "a.sac", noise(10), 0.01), "SAC")):  # fmt: skip
        with pytest.raises(ReadError, match="is sampled at 100 Hz, fs says 50 Hz; leave fs out"):
            open_reader(path, fs=50.0)
        with pytest.raises(UsageError, match=f"columns and time_column are for tables, this is {name}"):
            open_reader(path, columns=[0])
