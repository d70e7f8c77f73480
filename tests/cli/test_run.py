"""`faltung run`: what it writes, what it refuses before any work, what it says."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from .conftest import Done, write_noise

Faltung = Callable[..., Done]


def listing(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_one_file_is_written_and_told_in_full(faltung: Faltung, place: Path) -> None:
    done = faltung("run", "echo.yaml")
    assert (done.code, done.err) == (0, "")
    rows = dict(line.split("  ", 1) for line in done.out.splitlines())
    rows = {name.strip(): value.strip() for name, value in rows.items()}
    assert rows["written"] == "out/in-echo.wav"
    assert rows["duration"] == "0.135 s, 1,080 frames"
    assert rows["format"] == "WAV PCM_16, 8 kHz, 2 channels, 4.4 kB"
    assert rows["clipped"] == "0 samples"
    assert rows["latency trimmed"] == "0 frames"
    assert rows["tail kept"] == "10 ms, 80 frames"
    assert rows["peak"].endswith(" dBFS")
    assert " x realtime, " in rows["speed"]
    x, _ = sf.read("in.wav")
    y, _ = sf.read("out/in-echo.wav")
    np.testing.assert_allclose(y[:80], x[:80], atol=2**-15)
    np.testing.assert_allclose(y[1000:], 10 ** (-6 / 20) * x[920:], atol=2**-15)


def test_nothing_is_said_when_quiet(faltung: Faltung) -> None:
    assert faltung("run", "echo.yaml", "-q") == Done(0, "", "")


def test_inputs_and_outputs_of_the_command_line_are_seen_from_the_working_folder(faltung: Faltung, place: Path) -> None:
    (place / "sub").mkdir()
    shutil.move("echo.yaml", "sub/echo.yaml")
    done = faltung("run", "sub/echo.yaml", "in.wav", "-o", "{stem}-{ext}.flac")
    assert (done.code, done.err) == (0, "")
    assert (place / "in-wav.flac").is_file()


def test_paths_of_the_configuration_are_seen_from_its_folder(faltung: Faltung, place: Path) -> None:
    (place / "sub").mkdir()
    shutil.copy("in.wav", "sub")
    shutil.move("echo.yaml", "sub/echo.yaml")
    assert faltung("run", "sub/echo.yaml").code == 0
    assert (place / "sub/out/in-echo.wav").is_file()


def test_a_setting_is_changed_by_its_place_and_by_an_id(faltung: Faltung, place: Path) -> None:
    shutil.copy("in.wav", "two.wav")
    one = faltung("run", "echo.yaml", "-s", "stages.0.delay=20 ms", "--json").json["files"][0]
    two = faltung("run", "echo.yaml", "two.wav", "--set", "echo.delay=20 ms", "--json").json["files"][0]
    assert one["tail_kept"] == two["tail_kept"] == 160


def test_several_files_are_a_table_with_what_they_share_below(faltung: Faltung, place: Path) -> None:
    for name in "ab":
        write_noise(place / f"{name}.wav")
    done = faltung("run", "echo.yaml", "[ab].wav", "-o", "all/{stem}.wav")
    head, a, b, each = done.out.splitlines()
    assert (done.code, done.err) == (0, "")
    assert head.split() == ["written", "duration", "x", "realtime", "peak", "dBFS", "clipped"]
    assert a.split()[:3] == ["all/a.wav", "0.135", "s"]
    assert b.split()[:3] == ["all/b.wav", "0.135", "s"]
    assert each == "each: latency trimmed 0 s, tail kept 10 ms, written as WAV PCM_16"


def test_files_that_fail_do_so_alone_and_are_listed_with_their_reason(faltung: Faltung, place: Path) -> None:
    write_noise(place / "mono.wav", channels=1, fs=8000)
    (place / "empty.wav").write_bytes(b"")
    (place / "route.yaml").write_text("version: 1\nstages:\n  - {use: route, to: swap}\n", "utf-8")
    done = faltung("run", "route.yaml", "mono.wav", "in.wav", "empty.wav", "-o", "o/{stem}.wav", "-q")
    assert done.code == 1
    assert [path.name for path in (place / "o").glob("*.*") if path.name != ".faltung"] == ["in.wav"]
    head, mono, empty = done.err.splitlines()
    assert head == "2 of 3 files failed:"
    assert mono.startswith("  mono.wav: stages[0]")
    assert empty.startswith("  empty.wav: ")
    assert done.out == ""


@pytest.mark.parametrize("words", ["run echo.yaml", "plan echo.yaml", "bake echo.yaml --fs 8000 -o h.wav"])
def test_too_little_memory_is_said_in_a_line(faltung: Faltung, place: Path, monkeypatch, words: str) -> None:
    def planned(*_: object) -> None:
        raise MemoryError("Unable to allocate 9 TiB")

    monkeypatch.setattr("pipeline.engine.plan._planned", planned)
    done = faltung(*words.split())
    assert done.code == 1
    assert done.err.endswith("not enough memory: Unable to allocate 9 TiB\n")
    assert done.err.count("\n") == 1


def test_one_file_that_cannot_be_read_is_one_line_and_exit_1(faltung: Faltung, place: Path) -> None:
    (place / "in.wav").write_bytes(b"")
    done = faltung("run", "echo.yaml")
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    assert done.err.startswith("faltung: in.wav: ")
    assert [name for name in listing(place) if not name.startswith("out")] == ["echo.yaml", "in.wav"]
    assert list(place.rglob("*.wav")) == [place / "in.wav"]


def test_a_configuration_that_names_its_output_by_a_template_replaces_its_own_and_no_other(
    faltung: Faltung, place: Path
) -> None:
    assert faltung("run", "echo.yaml", "-q").code == 0
    first = (place / "out/in-echo.wav").read_bytes()
    again = faltung("run", "echo.yaml")
    assert (again.code, again.out + again.err) == (0, "1 file unchanged, done before\n")
    assert faltung("run", "echo.yaml", "-q", "-s", "echo.gain=-9 dB").code == 0
    second = (place / "out/in-echo.wav").read_bytes()
    assert second != first
    for args in (["in.wav"], ["-o", "out/in-echo.wav"], ["-o", "out/{stem}-echo.wav", "in.wav"]):  # said by hand
        refused = faltung("run", "echo.yaml", *args)
        assert (refused.code, "out/in-echo.wav: exists already; give --overwrite" in refused.err) == (2, True)
    write_noise(place / "out/in-echo.wav")
    edited = faltung("run", "echo.yaml")
    assert (edited.code, "was edited since it was written; give --overwrite" in edited.err) == (2, True)
    shutil.rmtree(place / "out/.faltung")
    foreign = faltung("run", "echo.yaml")
    assert (foreign.code, "out/in-echo.wav: exists already; give --overwrite" in foreign.err) == (2, True)
    text = (place / "echo.yaml").read_text("utf-8")
    (place / "echo.yaml").write_text(text.replace("{stem}-echo", "one"), "utf-8")
    assert faltung("run", "echo.yaml", "-q").code == 0
    assert "out/one.wav: exists already" in faltung("run", "echo.yaml").err  # one name, and no scheme


def test_a_setting_that_does_not_fit_the_one_input_is_told_with_line_and_column(faltung: Faltung, place: Path) -> None:
    write_noise(place / "room.wav", fs=16_000)
    (place / "room.yaml").write_text(
        "version: 1\ninput: in.wav\noutput: o.wav\nstages:\n  - use: reverb\n    ir: room.wav\n", "utf-8"
    )
    done = faltung("run", "room.yaml")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("room.yaml:6:9: stages[0].ir: room.wav is sampled at 16000 Hz, the input at 8000 Hz")
    assert not (place / "o.wav").exists()


def test_five_mistakes_are_five_lines(faltung: Faltung, place: Path) -> None:
    (place / "bad.yaml").write_text(
        "version: 1\ninput: in.wav\noutput: o.wav\ntial: keep\nstages:\n  - use: echo\n    dealy: 1\n"
        "    gain: 3 dBx\n  - use: smoth\n  - use: smooth\n    length: 5 m\n",
        "utf-8",
    )
    done = faltung("run", "bad.yaml")
    assert (done.code, done.out) == (2, "")
    lines = done.err.splitlines()
    assert [line.split(": ")[0] for line in lines] == [
        f"bad.yaml:{at}" for at in ("4:1", "7:5", "8:11", "9:10", "11:13")
    ]
    assert "did you mean 'delay'?" in lines[1]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["echo.yaml", "--jobs", "0"], "--jobs must be a whole number from 1 to 256, or auto, got '0'"),
        (["echo.yaml", "--jobs", "many"], "--jobs must be a whole number from 1 to 256, or auto, got 'many'"),
        (["echo.yaml", "--check", "size"], "--check must be stat or hash, got 'size'"),
        (["echo.yaml", "--force", "--skip-existing"], "--force and --skip-existing contradict each other"),
        (["echo.yaml", "--force", "--retry-failed"], "--force and --retry-failed contradict each other"),
        (["echo.yaml", "in.wav", "-", "-o", "o/{stem}.wav", "--jobs", "2"], "standard input is read by the command"),
        (["echo.yaml", "gone.wav"], "the input 'gone.wav' does not exist"),
        (["echo.yaml", "-o", "x.xyz"], "unknown extension '.xyz'"),
        (["echo.yaml", "-o", "{stme}.wav"], "did you mean '{stem}'?"),
        (["echo.yaml", "in.wav", "two.wav", "-o", "x.wav"], "several inputs would be written to one output"),
        (["echo.yaml", "in.wav", "two.wav", "-o", "-"], "standard output takes one signal, there are 2 inputs"),
        (["echo.yaml", "-o", "-", "--json"], "both want standard output"),
        (["echo.yaml", "--overwrite", "--skip-existing"], "contradict each other"),
        (["echo.yaml", "-s", "format.subtype=DOUBLE", "-o", "x.flac"], "FLAC does not hold DOUBLE"),
        (["echo.yaml", "-s", "echo.delya=1"], "did you mean 'delay'?"),
        (["echo.yaml", "-o", "in.wav", "--overwrite"], "in.wav: the output is an input"),
        (["bare.yaml"], "no input; name files"),
        (["bare.yaml", "in.wav"], "no output; give -o OUT"),
        (["gone.yaml"], "gone.yaml: cannot be read: No such file or directory"),
        ([], "faltung run: Missing argument 'CONFIG'. Try 'faltung run --help'."),
        (["--loud", "echo.yaml"], "No such option: --loud"),
    ],
)
def test_what_cannot_be_is_refused_with_exit_2_and_nothing_touched(
    args: list[str], words: str, faltung: Faltung, place: Path
) -> None:
    write_noise(place / "two.wav")
    (place / "bare.yaml").write_text("version: 1\nstages: [{use: gain, gain: 2}]\n", "utf-8")
    before = listing(place)
    done = faltung("run", *args)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert "Traceback" not in done.err
    assert listing(place) == before


def test_an_output_that_exists_is_refused_replaced_or_passed_over(faltung: Faltung, place: Path) -> None:
    assert faltung("run", "echo.yaml", "-o", "o.wav", "-q").code == 0
    (place / "o.wav").write_bytes(b"mine")
    refused = faltung("run", "echo.yaml", "-o", "o.wav")
    assert (refused.code, refused.err) == (2, "faltung: o.wav: exists already; give --overwrite to replace it\n")
    passed = faltung("run", "echo.yaml", "-o", "o.wav", "--skip-existing")
    assert (passed.code, passed.out, passed.err) == (0, "", "1 output existed already and was skipped\n")
    assert (place / "o.wav").read_bytes() == b"mine"
    assert faltung("run", "echo.yaml", "-o", "o.wav", "--overwrite", "-q").code == 0
    assert (place / "o.wav").read_bytes()[:4] == b"RIFF"


def test_every_output_that_exists_is_named_before_any_work(faltung: Faltung, place: Path) -> None:
    for name in "abc":
        write_noise(place / f"{name}.wav")
    (place / "a.flac").touch()
    (place / "c.flac").touch()
    done = faltung("run", "echo.yaml", "a.wav", "b.wav", "c.wav", "-o", "{stem}.flac")
    assert done.code == 2
    assert [line.split(": exists")[0] for line in done.err.splitlines()] == ["faltung: a.flac", "c.flac"]
    assert not (place / "b.flac").exists()


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_an_output_that_is_an_input_through_a_link_is_refused(
    link: Callable[[str, str], None], faltung: Faltung, place: Path
) -> None:
    link("in.wav", "alias.wav")
    before = (place / "in.wav").read_bytes()
    done = faltung("run", "echo.yaml", "-o", "alias.wav", "--overwrite")
    assert (done.code, done.err) == (2, "faltung: alias.wav: the output is an input (in.wav); give it another name\n")
    assert (place / "in.wav").read_bytes() == before


def test_an_output_that_a_stage_reads_is_refused(faltung: Faltung, place: Path) -> None:
    shutil.copy("in.wav", "room.wav")
    (place / "room.yaml").write_text("version: 1\nstages: [{use: reverb, ir: room.wav}]\n", "utf-8")
    done = faltung("run", "room.yaml", "in.wav", "-o", "room.wav", "--overwrite")
    assert (done.code, done.err) == (2, "faltung: room.wav: the output is an input; give it another name\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "note: 0 reverb: at worst a signal comes out "),
        (["-s", "stages.0.normalize=none"], "note: 0 reverb: noise comes out "),
        (["-s", "stages.0.normalize=l1"], None),
        (["-s", "clip=scale"], None),
        (["-s", "clip=error"], None),
        (["-o", "o.npy"], None),
        (["-s", "format.subtype=FLOAT"], None),
        (["-q"], None),
    ],
)
def test_what_a_room_may_take_over_full_scale_is_said_before_the_run(
    faltung: Faltung, place: Path, words: list[str], told: str | None
) -> None:
    write_noise(place / "room.wav", frames=200, channels=1, scale=0.9)
    (place / "room.yaml").write_text("version: 1\nstages: [{use: reverb, ir: room.wav}]\n", "utf-8")
    target = [] if "-o" in words else ["-o", "o.wav"]
    done = faltung("run", "room.yaml", "in.wav", *target, *words)
    assert done.err.startswith(told) if told else "normalize" not in done.err


@pytest.mark.parametrize("container", ["loud.wav", "loud24.flac"])
@pytest.mark.parametrize(
    "stages",
    [
        ["{use: gain, gain: +6 dB}"],
        ["{use: fir, kind: lowpass, cutoff: 1 kHz, transition: 200 Hz}"],
        ["{use: resample, fs: 6000}"],
        ["{use: route, matrix: [[1, 1], [1, -1]]}"],
        ["{use: echo, delay: 10 ms, gain: -3 dB, repeats: 5}"],
        ["{use: convolve, taps: [1, 1, 1]}"],
        ["{use: reverb, ir: room.wav}"],
        ["{use: reverb, ir: room.wav, normalize: none, mix: 40%}"],
        ["{use: reverb, ir: room.wav, normalize: none}", "{use: reverb, ir: room.wav}"],
        ["{use: parallel, branches: [[], [{use: delay, delay: 5 ms}], [{use: gain, gain: -1 dB}]]}"],
    ],
)
def test_what_clips_was_said_before_with_a_setting_that_keeps_it_from_clipping(
    faltung: Faltung, place: Path, stages: list[str], container: str
) -> None:
    room = np.random.default_rng(4).standard_normal(400) * np.exp(-np.arange(400) / 90)
    sf.write("room.wav", room, 8000, subtype="FLOAT")
    x = np.sign(np.convolve(np.random.default_rng(5).standard_normal(3000), room[::-1]))[:, None] * [0.99, 0.98]
    sf.write(container, x, 8000, subtype="PCM_16" if container.endswith("wav") else "PCM_24")
    (place / "c.yaml").write_text(f"version: 1\nstages: [{', '.join(stages)}]\n", "utf-8")
    target = f"o{Path(container).suffix}"
    first = faltung("run", "c.yaml", container, "-o", target)
    before = [line for line in first.err.splitlines() if line.startswith("note: ")]
    assert first.code == 0
    assert first.err.startswith("note: ")
    assert " clipped " in first.err
    followed = []
    for line in before:
        setting, value = re.search(r"(\w+): (\w+) keeps it from clipping", line).groups()  # type: ignore[union-attr]
        followed += ["-s", f"{'' if setting == 'clip' else f'stages.{line.split()[1]}.'}{setting}={value}"]
    again = faltung("run", "c.yaml", container, "-o", target, "--overwrite", *followed)
    assert again.code == 0
    assert "0 samples" in again.out
    assert " clipped " not in again.err


@pytest.mark.parametrize(
    "stage", ["{use: fir, kind: lowpass, cutoff: 1 kHz, transition: 200 Hz}", "{use: resample, fs: 6 kHz}"]
)
def test_what_a_filter_does_to_square_waves_is_said_of_inputs_near_full_scale_alone(
    faltung: Faltung, place: Path, stage: str
) -> None:
    (place / "c.yaml").write_text(f"version: 1\nstages: [{stage}]\n", "utf-8")
    seconds = np.random.default_rng(6).uniform(-1, 1, (40 * 8000, 1))

    def told(x: np.ndarray, *options: str, container: str = "o.wav") -> list[str]:
        sf.write("x.wav", x, 8000, subtype="PCM_16")
        done = faltung("run", "c.yaml", "x.wav", "-o", container, "--overwrite", *options)
        assert done.code == 0
        return [line for line in done.err.splitlines() if line.startswith("note: ")]

    (note,) = told(0.99 * seconds)
    assert re.search(r"a square wave comes out \d\.\d+ dB louder: clip: scale keeps it from clipping$", note)
    assert told(0.94 * seconds) == told(0.1 * seconds) == told(0 * seconds[:0]) == []
    assert told(np.r_[0.1 * seconds[: 38 * 8000], [[1.0]]]) == []  # later than what is heard before a run
    assert told(0.99 * seconds, "-s", "format.subtype=FLOAT") == told(0.99 * seconds, "-s", "clip=scale") == []
    assert told(0.99 * seconds, container="o.npy") == []
    assert "a square wave comes out" in faltung("plan", "c.yaml", "x.wav").out


def test_a_dry_run_says_what_would_be_written_and_writes_nothing(faltung: Faltung, place: Path) -> None:
    before = listing(place)
    done = faltung("run", "echo.yaml", "--dry-run")
    assert (done.code, done.err) == (0, "1 file: 1 new, 0 unchanged, 0 again\n")
    _, source, target = done.out.splitlines()
    assert source.split() == ["in.wav", "1,000", "0.125", "s", "WAV", "PCM_16"]
    assert target.split()[:5] == ["→", "out/in-echo.wav", "1,080", "0.135", "s"]
    assert target.endswith("WAV PCM_16  4.3 kB")
    data = faltung("run", "echo.yaml", "--dry-run", "--json").json
    assert (data["files"][0]["frames"], data["files"][0]["bytes"]) == (1080, 4320)
    assert listing(place) == before


def test_json_is_one_document_with_every_file(faltung: Faltung, place: Path) -> None:
    (place / "bad.wav").write_bytes(b"")
    done = faltung("run", "echo.yaml", "in.wav", "bad.wav", "-o", "o/{stem}.wav", "--json")
    assert done.code == 1
    data = done.json
    assert (data["done"], data["failed"], data["skipped"], data["not_begun"]) == (1, 1, 0, 0)
    good, bad = data["files"]
    assert (good["status"], good["frames_in"], good["frames"], good["tail_kept"]) == ("done", 1000, 1080, 80)
    assert (good["output"], good["container"], good["subtype"]) == ("o/in.wav", "WAV", "PCM_16")
    assert bad["status"] == "failed"
    assert "bad.wav" in bad["error"]


def test_clipped_samples_are_counted_with_the_first_and_warned_of(faltung: Faltung, place: Path) -> None:
    write_noise(place / "in.wav", scale=0.9)
    done = faltung("run", "echo.yaml")
    assert done.code == 0
    row = next(line for line in done.out.splitlines() if line.startswith("clipped"))
    assert "samples, the first at " in row
    assert ", channel " in row
    warning, why = done.err.splitlines()
    assert warning.startswith("warning: out/in-echo.wav: clipped ")
    assert "set clip: scale" in warning
    assert why.endswith("echo: a square wave comes out 3.53 dB louder: clip: scale keeps it from clipping")
    assert faltung("run", "echo.yaml", "--overwrite", "-q").err == ""


def test_what_was_rounded_is_said_to_those_who_ask_for_more(faltung: Faltung, place: Path) -> None:
    done = faltung("run", "echo.yaml", "-s", "echo.delay=10.03 ms", "-v")
    assert done.err.startswith("note: in.wav: stages[0] echo: delay: 0.0100")
    assert " is 80.24 frames, rounded to 80 " in done.err


def test_a_definition_never_used_is_a_warning(faltung: Faltung, place: Path) -> None:
    text = (place / "echo.yaml").read_text("utf-8") + "define:\n  spare: {use: gain, gain: 2}\n"
    (place / "echo.yaml").write_text(text, "utf-8")
    done = faltung("run", "echo.yaml")
    assert (done.code, done.err) == (0, "warning: echo.yaml:10:3: define.spare: is never used\n")


def test_a_name_with_control_characters_steers_no_terminal(faltung: Faltung, place: Path) -> None:
    shutil.copy("in.wav", "\x1b[31m\nred.wav")
    done = faltung("run", "echo.yaml", "\x1b[31m\nred.wav", "-o", "o.wav", "--dry-run")
    assert "\x1b" not in done.out + done.err
    assert r"\x1b[31m\nred.wav" in done.out


def test_a_table_has_no_full_scale(faltung: Faltung, place: Path) -> None:
    (place / "t.csv").write_text("time,a\n" + "".join(f"{n},{n % 5}\n" for n in range(50)), "utf-8")
    done = faltung("run", "echo.yaml", "t.csv", "-o", "o.csv", "-s", "time_column=time", "-s", "echo.delay=2 s")
    assert (done.code, done.err) == (0, "")
    row = next(line for line in done.out.splitlines() if line.startswith("peak"))
    assert "dBFS" not in row
