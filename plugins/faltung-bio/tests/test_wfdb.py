"""WFDB records made by hand, in every format and with every trap, against the samples and times that went in."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from faltung_bio import WFDB
from faltung_bio.wfdb import files_of
from records import BITS, encoded, header, line, noise, record, segments

from pipeline import find_matches, run
from pipeline.errors import ReadError, UsageError
from pipeline.io import open_reader
from pipeline.testing import check_reader

PLAIN = ["16", "24", "32", "61", "80", "160", "212", "310", "311"]
FLAC = ["508", "516", "524"]


def read(path, step=1000, **how):
    with open_reader(path, **how) as reader:
        blocks = list(reader.blocks(step))
        return np.concatenate(blocks), reader.info, reader.warnings


def steady(how, frames, channels):
    """Digits of a format; those of differences change by what one byte holds."""
    return np.cumsum(noise(how, frames, channels), 0) if how == "8" else noise(how, frames, channels)


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
@pytest.mark.parametrize("how", ["8", *PLAIN, *FLAC])
def test_contract_in_every_format(tmp_path, how, channels):
    digits = steady(how, 301, channels)
    path = record(tmp_path / "a", digits, how, gain="200(7)/uV", zero=99)
    check_reader(WFDB, path, (digits - 7) / 200, 100.0)


def test_the_samples_given_in_place_of_the_header_are_told_by_it(tmp_path):
    digits = noise("212", 301, 2)
    path = record(tmp_path / "a", digits, "212")
    with pytest.raises(ReadError, match=r"a WFDB record; give its header, .*, which faltung-bio") as told:
        read(tmp_path / "a.dat")
    header_named = str(told.value).partition("its header, ")[2].partition(", which")[0]
    assert header_named == str(path)
    np.testing.assert_array_equal(read(header_named)[0], digits / 200)


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("frames", [1, 2, 3, 4, 5, 299])
@pytest.mark.parametrize("how", ["8", *PLAIN, "516"])
def test_a_length_that_is_not_told_is_that_of_the_file(tmp_path, how, frames, channels):
    digits = steady(how, frames, channels)
    got, _, _ = read(record(tmp_path / "a", digits, how, declared=False))
    padding = -frames * channels % 3 if how in ("310", "311") else 0
    assert len(got) in {frames, (frames * channels + padding) // channels}
    np.testing.assert_array_equal(got[:frames], digits / 200)


@pytest.mark.parametrize(("how", "size", "frames"), [("310", 6, 4), ("310", 7, 4), ("310", 5, 3), ("311", 6, 4),
                         ("311", 7, 5), ("212", 5, 3), ("212", 4, 2), ("24", 7, 2)])  # fmt: skip
def test_samples_of_which_every_bit_is_there_are_read_at_the_end(tmp_path, how, size, frames):
    digits = noise(how, 6, 1)
    path = record(tmp_path / "a", digits, how, declared=False)
    (tmp_path / "a.dat").write_bytes((tmp_path / "a.dat").read_bytes()[:size])
    np.testing.assert_array_equal(read(path)[0], digits[:frames] / 200)


@pytest.mark.parametrize("how", [*PLAIN, *FLAC])
def test_the_lowest_digit_of_a_format_is_no_sample(tmp_path, how):
    digits = noise(how, 50, 2)
    digits[[7, 30], [0, 1]] = -(1 << (BITS[how] - 1))
    path = record(tmp_path / "a", digits, how)
    with pytest.raises(ReadError, match="S0 is marked as not valid at frame 7; set gaps: nan"):
        read(path)
    got, _, _ = read(path, gaps="nan")
    assert np.argwhere(np.isnan(got)).tolist() == [[7, 0], [30, 1]]
    found = find_matches(path, (digits[10:20, 0] / 200).tolist(), threshold=0.999, gaps="nan")
    assert [event.start_frame for event in found if event.channel == 0] == [10]


@pytest.mark.parametrize(
    ("gain", "zero", "factor", "baseline"),
    [("", 0, 200, 0), ("0", 5, 200, 5), ("100", 0, 100, 0), ("100", 1024, 100, 1024), ("100(512)/mmHg", 1024, 100, 512),
     ("0.5(-3)", 9, 0.5, -3), ("-20", 0, -20, 0), ("1e-2", 0, 0.01, 0), ("6.6666(0)/%", 1, 6.6666, 0)],
)  # fmt: skip
def test_gain_baseline_and_zero(tmp_path, gain, zero, factor, baseline):
    digits = noise("16", 20, 1)
    if gain:
        path = record(tmp_path / "a", digits, gain=gain, zero=zero)
    else:  # a line may end behind its format
        record(tmp_path / "a", digits)
        path = header(tmp_path / "a", ["a.dat 16"])
    np.testing.assert_array_equal(read(path)[0], (digits - baseline) / factor)


@pytest.mark.parametrize("how", ["16", "212", "24"])
@pytest.mark.parametrize("offset", [1, 10, 513])
def test_bytes_before_the_first_sample_are_passed_over(tmp_path, how, offset):
    digits = noise(how, 40, 3)
    np.testing.assert_array_equal(read(record(tmp_path / "a", digits, how, offset=offset))[0], digits / 200)


def frames_of(*signals):
    """Samples in the order of the file, of signals (frames, samples a frame)."""
    return np.concatenate(signals, 1).reshape(-1)


@pytest.mark.parametrize("how", ["16", "212", "8"])
@pytest.mark.parametrize("step", [1, 3, 7, 1000])
def test_several_samples_a_frame_are_a_signal_of_a_higher_rate_and_none_is_averaged(tmp_path, how, step):
    fast, slow, quick = (noise("8", 50, n) for n in (4, 1, 4))
    stored = encoded(how, frames_of(fast, slow, quick))
    if how == "8":
        differences = [np.diff(one.reshape(-1), prepend=0).reshape(one.shape) // 4 for one in (fast, slow, quick)]
        fast, slow, quick = (np.cumsum(one.reshape(-1)).reshape(one.shape) for one in differences)
        stored = encoded(how, frames_of(*differences))
    (tmp_path / "a.dat").write_bytes(stored)
    lines = [line(how=f"{how}x4", name="ECG"), line(how=how, name="RESP"), line(how=f"{how}x4", name="PLETH")]
    path = header(tmp_path / "a", lines, fs="62.4725", frames=50)
    with pytest.raises(ReadError, match="holds 3 signals, ECG, RESP, PLETH; choose with source:") as told:
        open_reader(path)
    assert told.value.signals == ("ECG", "RESP", "PLETH")
    got, info, _ = read(path, step, source=["PLETH", "ECG"])
    assert (info.fs, info.names) == (4 * 62.4725, ("PLETH", "ECG"))
    np.testing.assert_array_equal(got, np.stack([quick.reshape(-1), fast.reshape(-1)], 1) / 200)
    got, info, _ = read(path, step, source=["RESP"])
    np.testing.assert_array_equal(got, slow / 200)
    with pytest.raises(ReadError, match="the signals chosen have several rates"):
        open_reader(path, source=["RESP", "ECG"])
    with pytest.raises(ReadError, match="source: there is no 'EEG'; there are ECG, RESP, PLETH"):
        open_reader(path, source=["EEG"])


@pytest.mark.parametrize("skip", [0, 1, 5, 101])
def test_seeking_between_the_samples_of_a_frame(tmp_path, skip):
    x = noise("16", 50, 4)
    (tmp_path / "a.dat").write_bytes(encoded("16", x.reshape(-1)))
    with open_reader(header(tmp_path / "a", [line(how="16x4")], frames=50)) as reader:
        reader.skip(skip)
        np.testing.assert_array_equal(reader.read(30)[:, 0], x.reshape(-1)[skip : skip + 30] / 200)


def test_flac_with_several_samples_a_frame_and_samples_before_the_first(tmp_path):
    digits = noise("516", 100, 2)
    record(tmp_path / "a", digits, "516")
    path = header(tmp_path / "a", [line(how="516x4+20", name=name) for name in "AB"], frames=20)
    got, info, _ = read(path)
    assert info.fs == 400.0
    np.testing.assert_array_equal(got, digits[20:] / 200)


def test_a_skew_moves_a_signal_and_leaves_nothing_at_its_end(tmp_path):
    a, b = noise("16", 60, 1)[:, 0], noise("16", 60, 2)[:, 1]
    (tmp_path / "a.dat").write_bytes(encoded("16", np.stack([a, b], 1).reshape(-1)))
    path = header(tmp_path / "a", [line(name="A"), line(how="16:3", name="B")], frames=60)
    with pytest.raises(ReadError, match=r"B: no samples for 3 frames from frame 57 on, in the record; set gaps: nan"):
        open_reader(path)
    for step in (1, 2, 7, 100):
        got, _, _ = read(path, step, gaps="nan")
        np.testing.assert_array_equal(got[:, 0], a / 200)
        np.testing.assert_array_equal(got[:57, 1], b[3:] / 200)
        assert np.isnan(got[57:, 1]).all()


def test_signals_of_several_files_in_any_order(tmp_path):
    x = noise("16", 30, 4)
    (tmp_path / "a.dat").write_bytes(encoded("16", x[:, [0, 2]].reshape(-1)))
    (tmp_path / "b.dat").write_bytes(encoded("61", x[:, [1, 3]].reshape(-1)))
    lines = [line(file, how, name=f"S{i}") for i, (file, how) in enumerate([("a.dat", "16"), ("b.dat", "61")] * 2)]
    np.testing.assert_array_equal(read(header(tmp_path / "a", lines, frames=30))[0], x / 200)


def test_signals_of_one_name_are_counted(tmp_path):
    x = noise("16", 30, 3)
    path = record(tmp_path / "a", x, names=["ECG", "ABP", "ECG"])
    got, info, _ = read(path, source=["ECG#1"])
    assert info.names == ("ECG#1",)
    np.testing.assert_array_equal(got[:, 0], x[:, 2] / 200)


def test_a_signal_that_is_not_stored_is_no_channel(tmp_path):
    record(tmp_path / "a", noise("16", 30, 1))
    lines = [line(name="S0"), line("~", "0", name="nothing")]
    assert read(header(tmp_path / "a", lines, frames=30))[1].names == ("S0",)


@pytest.mark.parametrize(
    ("fs", "told"),
    [("", 250.0), ("360", 360.0), ("62.4725", 62.4725), ("100/0.5(3)", 100.0), ("100/0.5(-3.5)", 100.0),
     ("1e3", 1000.0), ("360.", 360.0), (".5", 0.5), ("360(5)", 360.0)],
)  # fmt: skip
def test_the_rate_of_frames_and_the_counter_that_is_none(tmp_path, fs, told):
    record(tmp_path / "a", noise("16", 30, 1))
    assert read(header(tmp_path / "a", [line()], fs=fs, frames=30 if fs else ""))[1].fs == told


@pytest.mark.parametrize(
    ("when", "local", "resolution"),
    [("14:30:15 01/02/2003", "2003-02-01T14:30:15.000000", 1.0),
     ("14:30:15.25 1/2/2003", "2003-02-01T14:30:15.250000", 0.01),
     ("0:5:9.123456789 31/12/1999", "1999-12-31T00:05:09.123456789", 1e-9),
     ("5:9 31/12/1999", "1999-12-31T00:05:09.000000", 1.0)],
)  # fmt: skip
def test_the_start_with_its_resolution_and_without_a_zone(tmp_path, when, local, resolution):
    x = noise("16", 400, 1)
    path = record(tmp_path / "a", x, when=when)
    clock = read(path)[1].clocks[0]
    assert (clock.local(0), clock.utc(0)) == (local, None)
    assert clock.resolution == pytest.approx(resolution)
    event = find_matches(path, (x[250:300, 0] / 200).tolist(), threshold=0.999)[0]
    assert (event.start_utc, event.start_local) == (None, clock.local(250))


@pytest.mark.parametrize(
    ("when", "words"),
    [("14:30:15", "tells the time of day, 14:30:15, and no date: so no true time"),
     ("25:00:00 01/01/2000", "tells a start that is none"),
     ("1:2:3:4 01/01/2000", "tells a start that is none"), ("", "")],
)  # fmt: skip
def test_without_a_date_no_time_is_made_up(tmp_path, when, words):
    _, info, warnings = read(record(tmp_path / "a", noise("16", 9, 1), when=when))
    assert info.clocks == ()
    assert any(words in one for one in warnings) if words else warnings == []


def variable(tmp_path, when=""):
    """Four segments of 40 frames: both signals, none, one of them in other units of gain, both the other way round."""
    a, b = noise("16", 160, 1)[:, 0], noise("16", 160, 2)[:, 1]
    header(tmp_path / "r_layout", [line("~", "0", name="II"), line("~", "0", name="ABP")], frames=0)
    record(tmp_path / "r_1", np.stack([a, b], 1)[:40], names=["II", "ABP"])
    record(tmp_path / "r_2", b[80:120, None], gain="50(7)", names=["ABP"])
    record(tmp_path / "r_3", np.stack([b, a], 1)[120:], "61", names=["ABP", "II"])
    parts = [("r_layout", 0), ("r_1", 40), ("~", 40), ("r_2", 40), ("r_3", 40)]
    expected = np.stack([a, b], 1) / 200
    expected[40:80], expected[80:120, 0], expected[80:120, 1] = np.nan, np.nan, (b[80:120] - 7) / 50
    return segments(tmp_path / "r", parts, 2, frames=160, when=when), expected


@pytest.mark.parametrize("step", [1, 7, 40, 41, 500])
def test_segments_of_a_variable_layout_and_those_that_are_missing(tmp_path, step):
    path, expected = variable(tmp_path)
    with pytest.raises(ReadError, match=r"II: no samples for 40 frames from frame 40 on, in segment ~; set gaps: nan"):
        open_reader(path)
    got, info, _ = read(path, step, gaps="nan")
    assert info.names == ("II", "ABP")
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("skip", [39, 40, 79, 80, 130, 160, 170])
def test_seeking_into_a_segment(tmp_path, skip):
    path, expected = variable(tmp_path)
    with open_reader(path, gaps="nan") as reader:
        reader.skip(skip)
        np.testing.assert_array_equal(reader.read(25), expected[skip : skip + 25])


def test_time_goes_on_through_segments_and_a_search_passes_over_those_that_are_missing(tmp_path):
    path, expected = variable(tmp_path, "10:00:00 01/01/2020")
    found = find_matches(path, expected[130:150, 0].tolist(), threshold=0.999, gaps="nan")
    assert [(e.channel, e.start_frame, e.start_local) for e in found] == [(0, 130, "2020-01-01T10:00:01.300000")]


def test_segments_of_a_fixed_layout_with_one_that_is_missing(tmp_path):
    x = noise("16", 90, 2)
    record(tmp_path / "f_1", x[:30])
    record(tmp_path / "f_2", x[60:], "212" if abs(x).max() < 2048 else "16")
    path = segments(tmp_path / "f", [("f_1", 30), ("~", 30), ("f_2", 30)], 2)
    got, info, _ = read(path, 11, gaps="nan")
    assert info.frames == 90
    np.testing.assert_array_equal(got[:30], x[:30] / 200)
    np.testing.assert_array_equal(got[60:], x[60:] / 200)
    assert np.isnan(got[30:60]).all()
    np.testing.assert_array_equal(read(segments(tmp_path / "g", [("f_1", 30), ("f_2", 30)], 2))[0][30:], x[60:] / 200)


def test_all_files_of_a_record_are_told_and_a_run_is_done_again_when_one_changes(tmp_path):
    for name in ("f_1", "f_2"):
        record(tmp_path / name, noise("16", 30, 2))
    path = segments(tmp_path / "f", [("f_1", 30), ("~", 30), ("f_2", 30)], 2)
    samples = {one.name for one in tmp_path.iterdir() if one.suffix != ".hea"}
    assert {one.name for one in files_of(path)} == {"f_1.hea", "f_2.hea", *samples}
    config = tmp_path / "c.yaml"
    how = "gaps: nan\nnonfinite: propagate\nstages: [{use: gain, gain: 1}]\n"
    config.write_text(f"version: 1\ninput: f*.hea\noutput: out/{{stem}}.csv\n{how}", "utf-8")
    assert [str(run(config)) for _ in range(2)] == ["3 done", "3 unchanged"]
    changed = tmp_path / min(samples)
    changed.write_bytes(changed.read_bytes()[::-1] + b"\0")
    assert str(run(config)) == "2 done, 1 unchanged"


@pytest.mark.parametrize(
    ("change", "words"),
    [({"fs": "50"}, "segment s_2 has 50 frames a second; the record has 100"),
     ({"lines": [line("s_2.dat", name="X")]}, "segment s_2 lacks 'S0', and the record has one layout for all"),
     ({"lines": [line("s_2.dat", gain="200/uV", name="S0")]}, "has S0 in 1 samples a frame in uV, before it was 1"),
     ({"lines": [line("s_2.dat", how="99", name="S0")]}, "S0 is stored in format 99; known are 8, 16"),
     ({"lines": [line("s_9.dat", name="S0")]}, r"s_9\.dat: no such file")],
)  # fmt: skip
def test_segments_that_do_not_go_together_are_refused(tmp_path, change, words):
    x = noise("16", 60, 1)
    record(tmp_path / "s_1", x[:30])
    record(tmp_path / "s_2", x[30:])
    header(tmp_path / "s_2", change.get("lines", [line("s_2.dat", name="S0")]), fs=change.get("fs", "100"), frames=30)
    with pytest.raises(ReadError, match=words):
        open_reader(segments(tmp_path / "s", [("s_1", 30), ("s_2", 30)], 1))


def test_frames_of_the_record_are_those_of_its_segments(tmp_path):
    record(tmp_path / "s_1", noise("16", 30, 1))
    with pytest.raises(ReadError, match="declares 70 frames, its segments have 60"):
        open_reader(segments(tmp_path / "s", [("s_1", 30), ("s_1", 30)], 1, frames=70))


@pytest.mark.parametrize("how", ["16", "212", "516"])
def test_a_file_that_is_cut_is_an_error_and_one_that_is_longer_is_told(tmp_path, how):
    x = noise(how, 50, 2)
    path = record(tmp_path / "a", x, how)
    text = path.read_text()
    path.write_text(text.replace(" 100 50", " 100 60"))
    with pytest.raises(ReadError, match="declares 60 frames, has 50; set truncated: accept to take the 50 frames"):
        open_reader(path)
    np.testing.assert_array_equal(read(path, truncated="accept")[0], x / 200)
    path.write_text(text.replace(" 100 50", " 100 40"))
    got, _, warnings = read(path)
    np.testing.assert_array_equal(got, x[:40] / 200)
    assert warnings == ["10 frames stand behind its last; ignored"]


def test_a_segment_that_is_cut_is_an_error_or_a_gap(tmp_path):
    x = noise("16", 60, 1)
    record(tmp_path / "s_1", x[:20])
    record(tmp_path / "s_2", x[30:])
    path = segments(tmp_path / "s", [("s_1", 30), ("s_2", 30)], 1)
    with pytest.raises(ReadError, match="declares 30 frames in segment s_1, has 20"):
        open_reader(path, gaps="nan")
    got, _, _ = read(path, 7, gaps="nan", truncated="accept")
    assert np.isnan(got[20:30]).all()
    np.testing.assert_array_equal(got[30:], x[30:] / 200)


@pytest.mark.parametrize(
    ("text", "words"),
    [("a 2 100 50\na.dat 16\n", "declares 2 signals, lists 1: it is cut"),
     ("a/3 1 100 50\nb 50\n", "declares 3 segments, lists 1: it is cut"),
     ("a 1 0 50\na.dat 16\n", "its rate must be above 0 Hz, got 0"),
     ("a 0 100 50\n", "holds no signal"),
     ("a 1 100 50\na.dat sixteen\n", "the line of a signal has a file in the same folder"),
     ("a 1 100 50\n../a.dat 16\n", "the line of a signal has a file in the same folder"),
     ("a 1 100 50\na.dat 16 200 12 zero\n", "the zero and the first value of a signal are whole numbers"),
     ("a/1 1 100 50\n../b 50\n", "a segment is a name in the same folder and a number of frames"),
     ("a 1 100 50\nnone.dat 16\n", r"none\.dat: no such file"),
     ("a 2 100 50\na.dat 16\na.dat 212\n", "signals of one file have one format and one offset")],
)  # fmt: skip
def test_headers_that_are_none_are_refused_in_words(tmp_path, text, words):
    record(tmp_path / "a", noise("16", 50, 1))
    (tmp_path / "a.hea").write_text(text)
    with pytest.raises(ReadError, match=words):
        open_reader(tmp_path / "a.hea")


def test_what_calls_itself_flac_and_is_none_is_refused(tmp_path):
    path = record(tmp_path / "a", noise("16", 50, 1))
    path.write_text(path.read_text().replace("a.dat 16", "a.dat 516"))
    with pytest.raises(ReadError, match=r"a\.dat: is no FLAC that can be read"):
        open_reader(path)
    path = record(tmp_path / "b", noise("524", 50, 1), "524")
    path.write_text(path.read_text().replace("b.dat 524", "b.dat 516"))
    with pytest.raises(ReadError, match="format 516 is FLAC of at most 16 bits and 1 channels, got FLAC PCM_24 of 1"):
        open_reader(path)


def test_memory_does_not_grow_with_the_record(tmp_path):
    def peak(frames):
        path = record(tmp_path / "a", np.zeros((1, 2), int))
        (tmp_path / "a.dat").write_bytes(bytes(4 * frames))
        path.write_text(path.read_text().replace(" 100 1", f" 100 {frames}"))
        tracemalloc.start()
        with open_reader(path) as reader:
            for _ in reader.blocks(1 << 16):
                pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(1000)
    assert peak(4_000_000) < 1.1 * peak(1_000_000)


def test_what_only_a_table_can_be_asked_is_refused_and_never_passed_over(tmp_path):
    path = record(tmp_path / "a", noise("16", 9, 1))
    with pytest.raises(ReadError, match="is sampled at 100 Hz, fs says 50 Hz; leave fs out"):
        open_reader(path, fs=50.0)
    with pytest.raises(UsageError, match="columns and time_column are for tables, this is WFDB"):
        open_reader(path, time_column="t")
