"""`run`, `plan`, `bake` and `search` from Python: what the commands do, with the same refusals, bytes and manifest."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

import pipeline
from pipeline import Echo, FaltungError, Gain, Pipeline, RunProgress, bake, plan, run, search
from pipeline.errors import ConfigError, UsageError
from pipeline.runs.running import prepare_run
from tests.cli.conftest import Done, environment

FS, STARTS = 8000, (2_000, 9_000)

YAML = """\
version: 1
input: in/*.wav
output: out/{stem}.wav
stages:
  - {use: echo, id: echo, delay: 10 ms, gain: -6 dB}
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: ``in/a.wav`` to ``in/c.wav``, of which the last is no audio, and ``echo.yaml``."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    for seed, name in enumerate("ab"):
        sf.write(f"in/{name}.wav", 0.1 * np.random.default_rng(seed).uniform(-1, 1, 500), FS, subtype="PCM_16")
    Path("in/c.wav").write_bytes(b"RIFF, but no more than that")
    Path("echo.yaml").write_text(YAML, "utf-8")
    return tmp_path


@pytest.fixture
def faltung(capfd: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    from pipeline.cli import main

    def command(*args: str) -> Done:
        capfd.readouterr()
        code = main(list(args))
        return Done(code, *capfd.readouterr())

    return command


def outputs(folder: str = "out") -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(folder).glob("*.wav")}


def steady(record: dict[str, Any]) -> dict[str, Any]:
    """A record without what is another at every run."""
    aside = {"seconds", "x_realtime", "started", "pid", "run"}
    kept = {name: value for name, value in record.items() if name not in aside}
    if "outputs" in kept:
        kept["outputs"] = [{k: v for k, v in one.items() if k != "mtime_ns"} for one in kept["outputs"]]
    return kept


# ---- run ------------------------------------------------------------------------------------------------------------


def test_a_run_from_python_is_that_of_the_command_bytes_manifest_and_facts(
    place: Path, faltung: Callable[..., Done]
) -> None:
    result = run("echo.yaml")
    written, manifest = outputs(), result.manifest
    assert manifest is not None
    records = [steady(json.loads(line)) for line in manifest.read_text().splitlines()]
    for path in (*Path("out").glob("*.wav"), manifest):
        path.unlink()
    done = faltung("run", "echo.yaml", "--json")
    assert (done.code, outputs()) == (result.exit_code, written) == (1, written)
    assert [steady(json.loads(line)) for line in manifest.read_text().splitlines()] == records
    told, ours = done.json, json.loads(result.to_json())
    assert {**told, "files": list(map(steady, told["files"]))} == {**ours, "files": list(map(steady, ours["files"]))}


def test_a_result_can_be_counted_gone_through_printed_and_asked_what_failed(place: Path) -> None:
    result = run("echo.yaml", jobs=2)
    assert len(result) == 3
    assert [file.status for file in result] == ["done", "done", "failed"]
    assert [Path(file.source).name for file in result.done] == ["a.wav", "b.wav"]
    assert [file.output for file in result.done] == ["out/a.wav", "out/b.wav"]
    (failed,) = result.failed
    assert failed.error is not None
    assert failed.reason
    assert not failed.reason.startswith("in/c.wav")
    assert str(result) == f"2 done, 1 failed\n  in/c.wav: {failed.reason}"
    assert str(result[0]) == "in/a.wav -> out/a.wav: done"
    assert str(failed) == f"in/c.wav -> out/c.wav: failed: {failed.reason}"
    again = run("echo.yaml")
    assert str(again) == f"1 failed, 2 unchanged\n  in/c.wav: {failed.reason}"
    assert [file.facts["status"] for file in again.of("unchanged")] == ["done", "done"]
    assert str(run("echo.yaml", retry_failed=True)) == str(again)


STAGES: list[Any] = [{"use": "echo", "delay": "10 ms", "gain": "-6 dB"}]
SETTINGS: dict[str, Any] = {"version": 1, "stages": STAGES}


@pytest.mark.parametrize(
    "config",
    [
        SETTINGS, {"stages": STAGES}, STAGES, tuple(STAGES), Echo(delay="10 ms", gain="-6 dB"),
        [Echo(delay="10 ms", gain="-6 dB")], Pipeline([Echo(delay="10 ms", gain="-6 dB")]),
        None,
    ],
    ids=["mapping", "no version", "list", "tuple", "stage", "stages", "pipeline", "from YAML"],
)  # fmt: skip
def test_a_configuration_is_a_path_a_mapping_or_objects(config: Any, place: Path) -> None:
    run("echo.yaml", "in/a.wav", "path.wav")
    run(config or Pipeline.from_yaml("echo.yaml"), "in/a.wav", "object.wav")
    assert Path("object.wav").read_bytes() == Path("path.wav").read_bytes()


def test_stages_as_objects_go_to_workers_and_are_remembered(place: Path) -> None:
    stages = [Echo(delay="10 ms", gain=0.5), Gain(gain="-1 dB")]
    result = run(stages, ["in/a.wav", Path("in/b.wav")], "out/{stem}.wav", jobs=2)
    assert (len(result.done), result.manifest is not None) == (2, True)
    alone = run(stages, "in/a.wav", "alone.wav")
    assert Path("alone.wav").read_bytes() == Path("out/a.wav").read_bytes()
    assert alone.manifest is None
    assert [file.status for file in run(stages, ["in/a.wav", "in/b.wav"], "out/{stem}.wav")] == ["unchanged"] * 2
    changed = run([*stages, Gain(gain=0.5)], ["in/a.wav", "in/b.wav"], "out/{stem}.wav")
    assert [file.status for file in changed] == ["done"] * 2


def test_settings_change_a_configuration_as_the_option_does(place: Path) -> None:
    result = run("echo.yaml", "in/a.wav", "x.wav", settings=["echo.gain=-12 dB", "tail=trim"])
    assert result[0].facts["frames"] == 500
    mapping = run(SETTINGS, "in/a.wav", "y.wav", settings=["stages.0.gain=-12 dB", "tail=trim"])
    assert (mapping[0].status, Path("y.wav").read_bytes()) == ("done", Path("x.wav").read_bytes())


def test_progress_is_told_from_beginning_to_end(place: Path) -> None:
    told: list[RunProgress] = []
    run("echo.yaml", progress=told.append)
    kinds = [(one.kind, Path(str(one.source)).name) for one in told]
    assert kinds == [(kind, f"{name}.wav") for name in "ab" for kind in ("begun", "read", "ended")] + [
        ("begun", "c.wav"), ("ended", "c.wav"),
    ]  # fmt: skip
    read, ended = told[1:3]
    assert (read.frames, read.total, read.fs) == (500, 500, FS)
    assert ended.outcome is not None
    assert ended.outcome["status"] == "done"


def test_the_rate_that_is_told_beside_an_input_or_taps_changes_what_is_done(place: Path) -> None:
    for name, lines in (("in/t", 50), ("taps", 3)):
        Path(f"{name}.csv").write_text("x\n" + "1\n" * lines)
        Path(f"{name}.json").write_text('{"fs": 100}')
    how: dict[str, Any] = {"config": {"stages": [{"use": "fir", "taps": "taps.csv"}]}, "output": "out/{stem}.csv"}
    how |= {"inputs": ["in/t.csv", "in/a.wav"]}
    assert [file.status for file in run(**how)] == ["done", "failed"]  # the taps are for 100 Hz
    assert [file.status for file in run(**how)] == ["failed", "unchanged"]
    Path("in/t.json").write_text('{"fs": 50}')
    Path("taps.json").write_text('{"fs": 50}')
    assert [file.status for file in run(**how)] == ["done", "failed"]
    assert json.loads(Path("out/t.json").read_text())["fs"] == 50
    Path("in/t.json").unlink()
    assert "tells no sampling rate" in (run(**how).failed[0].error or "")


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_response_that_is_changed_in_the_middle_of_a_batch_is_told(jobs: int, place: Path) -> None:
    sf.write("ir.wav", [1.0, 0.5], FS, subtype="FLOAT")

    def change(_: RunProgress) -> None:
        if Path("ir.wav").stat().st_mtime_ns != 1:
            sf.write("ir.wav", [0.5, 1.0], FS, subtype="FLOAT")
            os.utime("ir.wav", ns=(1, 1))

    how: dict[str, Any] = {"config": {"stages": [{"use": "convolve", "file": "ir.wav"}]}, "output": "out/{stem}.wav"}
    how |= {"inputs": ["in/a.wav", "in/b.wav"]}
    with pytest.raises(FaltungError, match=r"ir\.wav: was changed while files were done with it; run it again"):
        run(**how, jobs=jobs, progress=change)
    assert [file.status for file in run(**how)] == ["done", "done"]
    assert [file.status for file in run(**how)] == ["unchanged", "unchanged"]


def test_a_run_can_be_stopped_and_goes_on(place: Path) -> None:
    begun: list[str] = []
    stopped = run(
        "echo.yaml",
        progress=lambda one: begun.append(str(one.source)) if one.kind == "begun" else None,
        stop=lambda: bool(begun),
    )
    assert (begun, stopped.interrupted, stopped.exit_code) == (["in/a.wav"], True, 130)
    assert [file.status for file in stopped] == ["done", "not begun", "not begun"]
    assert [file.status for file in run("echo.yaml")] == ["done", "failed", "unchanged"]


def test_one_file_and_an_error_in_a_setting_is_that_of_the_configuration(place: Path) -> None:
    Path("echo.yaml").write_text(YAML.replace("use: echo", "use: convolve, taps: [1]").replace(
        "delay: 10 ms, gain: -6 dB", "ir: nowhere.wav"))  # fmt: skip
    with pytest.raises(ConfigError, match=r"echo\.yaml:5:"):
        run("echo.yaml", "in/a.wav", "x.wav")
    with pytest.raises(ConfigError, match=r"stages\[0\]\.delay: "):
        run([{"use": "echo", "delay": "soon", "gain": 1}], "in/a.wav", "x.wav")


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"inputs": "in/a.wav", "output": "in/b.wav"}, r"in/b\.wav: exists already; give overwrite=True to replace it"),
        ({"inputs": "in/a.wav", "output": "in/a.wav", "overwrite": True}, "the output is an input; give it another"),
        ({"inputs": "no.wav"}, "the input 'no.wav' does not exist"),
        ({"jobs": 0}, r"jobs= must be a whole number from 1 to 256, or auto, got 0"),
        ({"jobs": "many"}, r"jobs= must be a whole number from 1 to 256, or auto, got 'many'"),
        ({"check": "look"}, "check= must be stat or hash, got 'look'"),
        ({"force": True, "retry_failed": True}, "force=True and retry_failed=True contradict each other"),
        ({"jobs": 2, "scheduler": "tls://host:1"}, "jobs= are processes of this machine, scheduler= is a cluster"),
        ({"report": "run.txt"}, r"run\.txt: a report is a page; let its name end in \.html"),
        ({"output": "out/x.wav"}, "several inputs would be written to one output"),
    ],
)
def test_what_the_command_refuses_is_refused_in_words_of_the_function(
    how: dict[str, Any], words: str, place: Path
) -> None:
    with pytest.raises(UsageError, match=words):
        run("echo.yaml", **how)
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("config", "how", "words"),
    [
        (42, {}, "a configuration is the path of a YAML file, a mapping, a Pipeline or a list of stages, got 42"),
        (["echo"], {}, r"or a list of stages, got \['echo'\]"),
        ([Gain(gain=1)], {}, "no input; name files as inputs=, or set input: in the configuration"),
        ([Gain(gain=1)], {"inputs": "in/a.wav"}, "no output; give output=, or set output:"),
        ({"stages": [{"use": "eco"}]}, {}, "unknown stage 'eco'; did you mean 'echo'"),
        ({"stage": []}, {}, "stage"),
        ("nowhere.yaml", {}, "cannot be read: No such file"),
    ],
)
def test_what_is_no_configuration_or_no_run_is_told(config: Any, how: dict[str, Any], words: str, place: Path) -> None:
    with pytest.raises(FaltungError, match=words):
        run(config, **how)


def test_a_report_of_a_run_from_python(place: Path) -> None:
    result = run("echo.yaml", report="run.html")
    assert result.report == Path("run.html")
    assert json.loads(Path("run.json").read_text())["totals"]["failed"] == 1


BATCH = """\
import sys
from pipeline import run
from pathlib import Path

result = run("echo.yaml", jobs=2, check="stat")
print(result)
"""


def test_ten_lines_of_python_run_a_batch_are_killed_and_go_on(place: Path, faltung: Callable[..., Done]) -> None:
    for seed in range(200):
        x = 0.1 * np.random.default_rng(seed).uniform(-1, 1, 4000)
        sf.write(f"in/n{seed:03}.wav", x, FS, subtype="PCM_16")
    process = subprocess.Popen(
        [sys.executable, "-c", BATCH], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    while process.poll() is None and len(outputs()) < 20:
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    before = len(outputs())
    result = run("echo.yaml", jobs=2)
    assert str(result).startswith(f"{len(result.done)} done, 1 failed")
    assert len(result.of("unchanged")) <= before
    assert len(result) == 203
    assert [file.source for file in result.failed] == ["in/c.wav"]
    assert not list(Path("out").glob(".*.part"))
    assert faltung("run", "echo.yaml", "-q", "-o", "other/{stem}.wav").code == 1
    assert outputs() == outputs("other")


# ---- plan and bake --------------------------------------------------------------------------------------------------


def test_a_plan_tells_what_comes_of_each_input_and_what_was_done(place: Path, faltung: Callable[..., Done]) -> None:
    made = plan("echo.yaml")
    assert [one.frames for one in made] == [580, 580]
    assert [one.plan.tail for one in made] == [80, 80]
    assert len(made.failed) == 1
    assert [state.state for state in made.states] == ["new"] * 3
    assert str(made).splitlines()[:2] == ["0 echo (echo)", "2 of 3 inputs can be run"]
    assert faltung("plan", "echo.yaml", "--json").json == json.loads(made.to_json())
    assert not Path("out").exists()
    run("echo.yaml")
    assert [state.state for state in plan("echo.yaml").states] == ["unchanged", "unchanged", "again"]


def test_a_plan_of_a_signal_that_is_described(place: Path) -> None:
    (made,) = plan([Echo(delay="10 ms", gain=0.5)], fs=48_000, channels=2).plans
    assert (made.tail, made.format_out.channels) == (480, 2)
    with pytest.raises(UsageError, match=r"no input; name a file, or describe the signal: fs=48000 channels=2"):
        plan([Gain(gain=1)])
    with pytest.raises(UsageError, match="channels= describes a signal together with fs=; give both"):
        plan([Gain(gain=1)], channels=2)
    with pytest.raises(UsageError, match=r"fs= must be 1e-30 to 1e\+30 Hz, got -1"):
        plan([Gain(gain=1)], fs=-1)


def test_a_chain_is_baked_as_the_command_does(place: Path, faltung: Callable[..., Done]) -> None:
    made = bake("echo.yaml", "ir.wav", fs="8 kHz")
    assert (made.taps, made.late_frames, made.peak) == (81, 0, 1.0)
    assert faltung("bake", "echo.yaml", "-o", "same.wav", "--fs", "8 kHz", "--json").json == {
        **made.to_dict(), "output": "same.wav",
    }  # fmt: skip
    assert Path("same.wav").read_bytes() == Path("ir.wav").read_bytes()
    with pytest.raises(UsageError, match="no input tells rate and channels; give fs="):
        bake([Gain(gain=1)], "x.npy")
    with pytest.raises(ConfigError, match="'normalize' is not one kernel"):
        bake([{"use": "normalize", "peak": "-1 dB"}], "x.npy", fs=8000)


# ---- search ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def calls(place: Path) -> Path:
    """``day.wav`` with two calls and ``night.wav`` with none, in noise, and ``call.wav``."""
    random = np.random.default_rng(4)
    call = random.uniform(-1, 1, 300)
    for name, starts in (("day", STARTS), ("night", ())):
        x = 0.1 * random.uniform(-1, 1, 12_000)
        for start in starts:
            x[start : start + 300] += 0.5 * call
        sf.write(f"{name}.wav", x, FS, subtype="FLOAT")
    sf.write("call.wav", call, FS, subtype="FLOAT")
    return place


def found(result: pipeline.RunResult) -> dict[str, list[int]]:
    return {file.source: [event.start_frame for event in file.searches[0].events] for file in result.done}


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_search_brings_back_what_was_found_whoever_searched(jobs: int, calls: Path) -> None:
    result = search(["day.wav", "night.wav"], "call.wav", threshold=0.8, jobs=jobs)
    assert found(result) == {"day.wav": list(STARTS), "night.wav": []}
    assert result.manifest is None
    json.dumps(result.to_dict())


def test_a_search_of_several_recordings_goes_on_where_it_stopped(calls: Path, faltung: Callable[..., Done]) -> None:
    arguments = ("match", "day.wav", "night.wav", "-t", "call.wav", "--threshold", "0.8", "-o", "out/{stem}.csv")
    pages = ("--report", "out/{stem}.html", "--run-report", "run.html")
    first = faltung(*arguments, *pages, "--jobs", "2")
    assert first.code == 0, first.err
    names = {path.name for path in Path("out").glob("[dn]*")}
    assert names == {f"{stem}.{ending}" for stem in ("day", "night") for ending in ("csv", "html", "png")}
    assert json.loads(Path("run.json").read_text())["totals"]["events"] == 2
    assert faltung(*arguments, *pages, "--jobs", "2").err.endswith("2 files unchanged, done before\n")
    Path("out/day.png").unlink()
    assert "day.wav: output missing" in faltung(*arguments, *pages, "--dry-run").err
    again = faltung(*arguments, *pages)
    assert "written: out/day.csv, out/day.html, out/day.png" in again.err
    assert Path("out/day.png").read_bytes().startswith(b"\x89PNG")
    assert faltung(*arguments, *pages, "--threshold", "0.7", "-q").code == 0  # another setting: all again, and ours
    assert not list(Path("out").glob(".*.part"))


def test_a_search_with_two_jobs_writes_what_one_writes(calls: Path) -> None:
    for jobs in (1, 2):
        outputs = [f"{jobs}/{{stem}}.csv", f"{jobs}/{{stem}}.jsonl"]
        search(["day.wav", "night.wav"], "call.wav", outputs, threshold=0.8, page=f"{jobs}/{{stem}}.html", jobs=jobs)
    ones, twos = ({path.name: path.read_bytes() for path in Path(name).glob("[dn]*")} for name in "12")
    assert len(ones) == 8
    assert ones == twos


def test_a_dry_run_of_a_search_says_what_would_be_written(calls: Path, faltung: Callable[..., Done]) -> None:
    done = faltung("match", "day.wav", "-t", "call.wav", "-o", "{stem}.csv", "--dry-run", "--json")
    assert (done.code, done.json["files"][0]["event_files"]) == (0, ["day.csv"])
    assert not Path("day.csv").exists()


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"threshold": "loud"}, "^threshold: must be a number"),
        ({"output": "e.cvs"}, "unknown extension '.cvs' of an event file"),
        ({"page": "call.wav"}, "a report is a page; call it .html"),
        ({"output": "day.wav"}, "unknown extension '.wav' of an event file"),
        ({"page": "p.html", "output": "p.csv", "template": "no.wav"}, "^template: cannot read no.wav"),
    ],
)
def test_a_search_that_cannot_be_is_refused(how: dict[str, Any], words: str, calls: Path) -> None:
    with pytest.raises(FaltungError, match=words):
        search("day.wav", **{"template": "call.wav", **how})
    assert not list(Path().glob("p.*"))


@pytest.mark.parametrize(
    ("inputs", "output", "choices", "begun"),
    [
        (["in/a.wav"], "one.wav", {"apart": True}, 0),
        (["in/a.wav"], "one.wav", {"apart": True, "jobs": 2}, 0),
        (["in/a.wav", "in/b.wav"], None, {"apart": True}, 1),
        (["in/a.wav", "in/b.wav"], None, {"jobs": 2}, 1),
        (["in/a.wav", "in/b.wav"], None, {"jobs": 2, "dry_run": True}, 0),
        (["in/a.wav", "in/b.wav"], None, {}, 0),
    ],
)
def test_what_workers_are_copied_from_is_begun_only_where_there_will_be_workers(
    place, monkeypatch, inputs, output, choices, begun
):
    calls = list[int]()
    monkeypatch.setattr("pipeline.batch.worker.start_fork_server", lambda: calls.append(1))
    prepare_run("echo.yaml", inputs, output, **choices)
    assert len(calls) == begun
