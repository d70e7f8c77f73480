"""Taps, templates and responses in files: read as the signal's tables are, from texts and from headerless samples."""

import numpy as np
import pytest
import soundfile

from pipeline import Pipeline, find_matches, search
from pipeline.errors import ReadError, SettingError
from pipeline.io.wav import wav_header
from pipeline.job import Job, run_job
from pipeline.stages.base import Format
from pipeline.stages.base.files import read_taps
from pipeline.units import Duration

TAPS = [0.25, 0.5, 0.125]
FMT = Format(48_000, 1)


@pytest.fixture
def put(tmp_path):
    def go(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return go


@pytest.mark.parametrize("extension", [".txt", ".csv", ".tsv"])
@pytest.mark.parametrize(
    "text",
    [
        "0.25\n0.5\n0.125\n",
        "0.25 0.5 0.125\n",
        "0.25,0.5,0.125\n",
        "0,25;0,5;0,125\n",
        "0,25\t0,5\t0,125\n",
        "# made by a designer\n0.25\n\n0.5\n0.125\n",
        "% Numerator\n0.25\n0.5\n0.125\n",
        "h\n0.25\n0.5\n0.125\n",
        "Sample Rate: 48000 Hz. 1 channel (mono).\n\n0.25\n0.5\n0.125\n",
        "\ufeff2.5e-1\r\n5.0E-1\r\n+.125\r\n",
        "0.25,\n0.5,\n0.125,\n",
    ],
)
def test_taps_in_a_text_are_read_whatever_program_wrote_them(put, text, extension):
    np.testing.assert_array_equal(read_taps(put("taps" + extension, text), FMT, "taps"), TAPS)


def test_two_columns_are_two_channels_and_a_long_row_is_a_row_of_taps(put):
    two = read_taps(put("two.csv", "left,right\n0.5,1.5\n2.5,3.5\n"), FMT, "taps")
    np.testing.assert_array_equal(two, [[0.5, 1.5], [2.5, 3.5]])
    row = read_taps(put("row.txt", " ".join(map(str, range(300)))), FMT, "taps")
    np.testing.assert_array_equal(row, np.arange(300.0))


@pytest.mark.parametrize("text", ["0,25\n0,5\n0,25\n", "1,2\n3,4\n", "-0,5\n0,05\n"])
def test_a_comma_that_may_be_a_decimal_one_is_refused_with_both_ways_out(put, text):
    with pytest.raises(
        SettingError, match=r"may be a number with a decimal comma, or two columns: write .* for two columns"
    ):
        read_taps(put("taps.txt", text), FMT, "taps")


def test_the_way_out_for_two_columns_is_one(put):
    path = put("taps.txt", "0, 25\n0, 5\n")
    np.testing.assert_array_equal(read_taps(path, FMT, "taps"), [[0, 25], [0, 5]])
    semicolons = Format(48_000, 1, reading={"table": {"delimiter": ","}})
    np.testing.assert_array_equal(read_taps(put("u.txt", "0,25\n0,5\n"), semicolons, "taps"), [[0, 25], [0, 5]])


REW = (
    "* Impulse Response data saved by REW V5.20\n* IR is not normalised\n"
    "* Response measured over: 20.1 to 19,999.9 Hz\n0.73 // Peak value before normalisation\n1 // Peak index\n"
    "3 // Response length\n{} // Sample interval (seconds)\n-1.0 // Start time (seconds)\n* Data start\n"
    "0.25\n0.5\n0.125\n"
)


def test_a_text_export_of_a_measured_response_tells_its_rate(put):
    np.testing.assert_array_equal(read_taps(put("r.txt", REW.format("2.0833333333333333E-5")), FMT, "ir"), TAPS)
    with pytest.raises(SettingError, match=r"r\.txt is sampled at 44100 Hz, the input at 48000 Hz; convert it"):
        read_taps(put("r.txt", REW.format("2.2675737E-5")), FMT, "ir")


INTEGERS = np.array([8192, 16384, 4096])


@pytest.mark.parametrize(
    ("name", "form", "data"),
    [
        ("a.pcm", None, np.array(TAPS, "<f4").tobytes()),
        ("a.dbl", None, np.array(TAPS, "<f8").tobytes()),
        ("a.f32", None, np.array(TAPS, "<f4").tobytes()),
        ("a.raw", "FLOAT64LE", np.array(TAPS, "<f8").tobytes()),
        ("a.raw", "FLOAT_BE", np.array(TAPS, ">f4").tobytes()),
        ("a.bin", "S16_LE", INTEGERS.astype("<i2").tobytes()),
        ("a.bin", "s16be", INTEGERS.astype(">i2").tobytes()),
        ("a.pcm", "S32_LE", (INTEGERS << 16).astype("<i4").tobytes()),
        ("a.pcm", "S24_LE3", b"".join(int(i << 8).to_bytes(3, "little") for i in INTEGERS)),
        ("a.pcm", "S24_3_BE", b"".join(int(i << 8).to_bytes(3, "big") for i in INTEGERS)),
        ("a.pcm", "S24_4_RJ_LE", (INTEGERS << 8).astype("<i4").tobytes()),
        ("a.pcm", "S24_4_LJ_LE", (INTEGERS << 16).astype("<i4").tobytes()),
    ],
)
def test_headerless_samples_are_read_in_the_encoding_that_is_said_or_that_their_name_says(put, name, form, data):
    path = put(name, data)
    for stage, setting in (("fir", "taps"), ("convolve", "file"), ("reverb", "ir")):
        given = {"use": stage, setting: str(path)} | ({"normalize": "none"} if stage == "reverb" else {})
        given |= {} if form is None else {"format": form}
        kernel = Pipeline([given]).kernel(48_000)
        np.testing.assert_array_equal(kernel.taps, TAPS)


@pytest.mark.parametrize(
    ("name", "form", "data", "words"),
    [
        ("a.raw", None, np.array(TAPS * 9, "<f8").tobytes(), "its bytes are no 32-bit floats; say its format:"),
        ("a.pcm", None, INTEGERS.astype("<i2").tobytes() * 2, "are no 32-bit floats; say its format:, such as S16_LE"),
        ("a.pcm", None, b"\xff" * 40, "say its format:"),
        ("a.dbl", None, b"\1" * 12, "has 12 bytes, no whole number of samples of FLOAT64_LE"),
        ("a.pcm", "S24_4_RJ_LE", (INTEGERS << 16).astype("<i4").tobytes(), "holds more than 24 bits"),
        ("a.pcm", "S16_EL", b"\0" * 8, "must be an encoding of headerless samples .*did you mean S16_LE"),
    ],
)
def test_headerless_samples_of_another_encoding_are_refused(put, name, form, data, words):
    given = {"use": "reverb", "ir": str(put(name, data)), "normalize": "none"} | (
        {} if form is None else {"format": form}
    )
    with pytest.raises(SettingError, match=words):
        Pipeline([given]).kernel(48_000)


def test_what_a_name_alone_says_of_an_encoding_is_told_by_the_plan(put):
    path = put("a.pcm", np.array(TAPS, "<f4").tobytes())
    (planned,) = Pipeline([{"use": "reverb", "ir": str(path)}]).plan(48_000).stages
    assert planned.notes[0] == "ir: a.pcm is taken as FLOAT32_LE; set format: for another"


def test_what_is_odd_in_a_file_of_a_stage_is_told_as_it_is_of_an_input(put, tmp_path):
    odd = wav_header(48_000, 1, "PCM_16", 4).replace((96_000).to_bytes(4, "little"), (9).to_bytes(4, "little"))
    put("h.wav", odd + np.array([9000, 0, -300, 20], "<i2").tobytes())
    soundfile.write(tmp_path / "in.wav", np.zeros(100), 48_000)
    h = str(tmp_path / "h.wav")
    stages = [
        {"use": "parallel", "branches": [[{"use": "convolve", "file": h}], [{"use": "gain", "gain": 0.5}]]},
        {"use": "resample", "fs": 96_000},
        {"use": "resample", "fs": 48_000},
        {"use": "match", "template": {"file": h, "end": "3 samples"}, "threshold": 0.9},
    ]
    said = "h.wav: its fmt chunk says 9 bytes a second, 48000 Hz with 2 bytes a frame make 96000; took 48000 Hz"
    plan = Pipeline(stages).plan(48_000)
    assert [said in one.notes for one in plan.stages] == [True, False, False, False]  # once is enough
    for stage in (stages[0], stages[3]):
        report = run_job(Job(Pipeline([stage]).stages), tmp_path / "in.wav", tmp_path / "out.wav", overwrite=True)
        assert (said in report.warnings, report.about_input) == (True, 0)


def test_bytes_behind_an_array_of_taps_are_damage(put, tmp_path):
    np.save(tmp_path / "h.npy", TAPS)
    put("h.npy", (tmp_path / "h.npy").read_bytes() + b"abc")
    with pytest.raises(SettingError, match=r"h\.npy: is damaged: bytes stand behind its array; save it again"):
        read_taps(tmp_path / "h.npy", FMT, "taps")


@pytest.fixture
def logged(tmp_path):
    """A table of a value a minute with a call in it, and the call in a table of its own."""
    rng = np.random.default_rng(4)
    x = rng.normal(0, 0.1, 400)
    x[100:140] += 5 * np.exp(-np.arange(40) / 10) * np.sin(np.arange(40) / 3)
    rows = [f"2022-09-01 {k // 60:02d}:{k % 60:02d}:00;{value:.5f}\n".replace(".", ",") for k, value in enumerate(x)]
    (tmp_path / "day.csv").write_text("time;ntu\n" + "".join(rows))
    (tmp_path / "call.csv").write_text("time;ntu\n" + "".join(rows[100:140]))
    return tmp_path


def test_templates_in_tables_are_read_as_the_recording_is_from_every_door(logged):
    day, call = str(logged / "day.csv"), str(logged / "call.csv")
    for template in (call, {"file": day, "start": "100 min", "end": "140 min"}):
        found = find_matches(day, template, threshold=0.9, time_column="time")
        assert [(event.start_frame, round(event.score, 9)) for event in found] == [(100, 1.0)]
        (file,) = search(day, template, threshold=0.9, time_column="time")
        assert [event.start_frame for event in file.searches[0]] == [100]


def test_a_configuration_read_by_the_library_reads_tables_as_the_command_does(logged):
    stages = "[{use: correlate, template: call.csv}]"
    (logged / "c.yaml").write_text(f"version: 1\ntime_column: time\nmax_gap: 5 min\nstages: {stages}\n")
    pipe = Pipeline.from_yaml(logged / "c.yaml")
    assert pipe.reading == {"time_column": "time", "max_gap": Duration(300.0)}
    report = pipe.run_file(logged / "day.csv", logged / "y.csv")
    assert (report.info.fs, report.info.names) == (1 / 60, ("ntu",))
    assert "time_column='time'" in repr(pipe[:1])
    with pytest.raises(ReadError, match="has no column 'when'"):
        pipe.run_file(logged / "day.csv", logged / "z.csv", time_column="when")


def test_a_table_of_another_rate_is_refused_as_audio_is(logged, tmp_path):
    soundfile.write(tmp_path / "in.wav", np.zeros(100), 8000)
    pipe = Pipeline([{"use": "convolve", "file": str(logged / "call.csv")}], time_column="time")
    with pytest.raises(SettingError, match=r"call\.csv is sampled at 0\.0166667 Hz, the input at 8000 Hz"):
        pipe.plan(8000)
