"""Nothing is lost through a plugin: what it finds reaches every file, and what it breaks or raises is named."""

# ruff: noqa: F811 - fixtures of another folder
from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import indent

import numpy as np
import pytest
import soundfile as sf

from pipeline import Format, Gain, Label, Pipeline, run
from pipeline.errors import ReadError, SettingError, StageError, UsageError
from pipeline.io import ReaderKind, WriterKind
from pipeline.match.writers import EventKind
from pipeline.testing import check_detector, check_event_reader, check_events_writer, check_reader, check_writer

from .cli.conftest import PATIENCE, ROOT, Done, environment, faltung, place, start  # noqa: F401
from .plugin_kit import Distributions

Faltung = Callable[..., Done]

COUNT = itertools.count()

PARTS = {
    "open": "return P(fmt)",
    "init": "self.format, self.latency, self.tail, self.last = fmt, 0, 1, fmt.empty(1); self.any = False",
    "process": """if not len(block): return self.format.empty()
self.any = True
out = block + np.concatenate([self.last, block[:-1]])
self.last = block[-1:].copy()
return out""",
    "flush": "return self.last if self.any else self.format.empty()",
}


def stage_source(**parts: str) -> str:
    p = {name: indent(parts.get(name, text), " " * 8) for name, text in PARTS.items()}
    return f"""
import numpy as np
from dataclasses import replace
from pipeline import Stage, stage

class P:
    def __init__(self, fmt):
{p["init"]}
    def process(self, block):
{p["process"]}
    def flush(self):
{p["flush"]}

@stage("acme.sum")
class Sum(Stage):
    def open(self, fmt):
{p["open"]}
"""


@pytest.fixture
def dists(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Distributions]:
    made = Distributions(tmp_path_factory.mktemp("dists"), monkeypatch)
    yield made
    made.forget()


WRONG = [
    ({"flush": "return self.format.empty()"}, r"7 frames in, 7 out; promised are 0 latency \+ 7 \+ 1 tail = 8"),
    ({"flush": "return np.concatenate([self.last] * 3)"}, "7 frames in, 10 out; promised are"),
    ({"process": "return block[:-1]"}, "7 frames in, "),
    (
        {"process": "return np.concatenate([block, block])"},
        r"it gives no frame before its time: \d+ frames came out of",
    ),
    ({"process": "return block.astype('f4')"}, "its blocks are float64, got float32"),
    ({"process": "return block.astype(int)"}, "its blocks are float64, got int64"),
    ({"process": "return block[:, 0]"}, r"its blocks have shape \(n, 2\), got \(\d,\)"),
    ({"process": "return block[:, :1]"}, r"its blocks have shape \(n, 2\), got \(\d, 1\)"),
    ({"process": "return block.tolist()"}, "its blocks are plain numpy arrays, got list"),
    ({"process": "return None"}, "its blocks are plain numpy arrays, got NoneType"),
    ({"process": "return np.ma.masked_array(block, block < 2)"}, "its blocks are plain numpy arrays, got MaskedArray"),
    (
        {"init": "self.format, self.latency, self.tail = fmt, -1, 0"},
        "its latency is a whole number of frames from 0, got -1",
    ),
    ({"init": "self.format, self.latency, self.tail = fmt, 0, 0.5"}, r"its tail is a whole number .* got 0\.5"),
    (
        {"init": "self.format, self.latency, self.tail = None, 0, 0"},
        "has the precision of its input, 'double', got None",
    ),
    (
        {"init": "self.format, self.latency, self.tail = replace(fmt, precision='single'), 0, 0"},
        "its output has the precision of its input, 'double', got Format",
    ),
    (
        {"init": PARTS["init"] + "\nP.n = getattr(P, 'n', 0) + 1; self.latency = P.n"},
        "it was planned with .* and opened with",
    ),
    ({"init": "self.format = fmt"}, r"failed: AttributeError: .* no attribute 'latency'"),
    ({"process": "block *= 2\nreturn block"}, "in the block that begins at frame 0: ValueError: .*read-only"),
    ({"process": "raise KeyError('x')"}, r"failed in the block that begins at frame 0: KeyError: 'x'"),
    (
        {"process": "if self.any: 1 / 0\n" + PARTS["process"]},
        "failed in the block that begins at frame 4: ZeroDivisionError",
    ),
    ({"flush": "return undefined"}, r"failed in flush\(\), after frame 7: NameError"),
    (
        {"init": "self.format, self.latency, self.tail = fmt.empty(), 0, 0"},
        "has the precision of its input, 'double', got array",
    ),
    ({"open": "return fmt.no_such"}, "failed: AttributeError"),
    ({"open": "raise FileNotFoundError(2, 'none', 'ir.wav')"}, "failed: FileNotFoundError: .*ir.wav"),
]


@pytest.mark.parametrize(("parts", "said"), WRONG)
@pytest.mark.parametrize("inside", [False, True])
def test_a_broken_promise_or_an_exception_names_the_stage(dists, parts, said, inside):
    dists.add("acme-a", stage_source(**parts), stage="acme.sum = Sum")
    stage = {"use": "acme.sum"}
    branch = {"use": "parallel", "branches": [[{"use": "gain", "gain": 1}], [stage]]}
    pipe = Pipeline([{"use": "gain", "gain": 1}, branch if inside else stage])
    if inside and "planned" in said:
        pytest.skip("the latency of the branch is that of parallel, which is named then")
    place = r"stages\[1\]\.branches\[1\]\[0\]" if inside else r"stages\[1\]"
    with pytest.raises(StageError, match=f"^{place} 'acme.sum' .*{said}"):
        list(pipe.stream([np.ones((4, 2)), np.ones((3, 2))], fs=8000))


def test_one_that_keeps_its_promises_passes_also_with_nothing(dists):
    dists.add("acme-a", stage_source(), stage="acme.sum = Sum")
    pipe = Pipeline([{"use": "acme.sum"}])
    assert pipe(np.array([1.0, 2, 3]), fs=1).tolist() == [1, 3, 5, 3]
    assert pipe(np.zeros(0), fs=1).tolist() == []


def test_a_kernel_that_is_none_and_a_setting_that_does_not_fit(dists):
    head = "from pipeline import KernelStage, stage\nfrom pipeline.errors import SettingError\n"
    body = '@stage("acme.k")\nclass K(KernelStage):\n    n: int = 0\n    def kernel(self, fmt):\n        '
    dists.add("acme-a", head + body + "return [1.0]", stage="acme.k = K")
    with pytest.raises(
        StageError, match=r"stages\[0\] 'acme.k' failed: TypeError: kernel\(\) gives a Kernel or None, got"
    ):
        Pipeline([{"use": "acme.k"}])(np.ones(3), fs=1)
    dists.add(
        "acme-b", (head + body + "raise SettingError('is odd', 'n')").replace("acme.k", "acme.j"), stage="acme.j = K"
    )
    with pytest.raises(SettingError, match=r"stages\[0\]\.n: is odd"):
        Pipeline([{"use": "acme.j"}])(np.ones(3), fs=1)


@pytest.mark.parametrize(("count", "said"), [(2, "gives as many frames as it is given, 5, got 2"), (9, "5, got 9")])
def test_a_stage_of_whole_signals_gives_them_whole(dists, count, said):
    source = f"""
from pipeline import WholeSignalStage, stage
import numpy as np
@stage("acme.w")
class W(WholeSignalStage):
    def render(self, recording):
        yield np.zeros(({count}, recording.format.channels))
"""
    dists.add("acme-a", source, stage="acme.w = W")
    with pytest.raises(StageError, match=rf"stages\[0\] 'acme.w' breaks a promise: render\(\) .*{said}"):
        Pipeline([{"use": "acme.w"}])(np.ones(5), fs=1)


@pytest.mark.parametrize("files", [1, 3])
def test_the_command_says_it_in_a_line_with_the_file_and_more_when_asked(dists, faltung: Faltung, place: Path, files):
    dists.add("acme-a", stage_source(process="raise KeyError('why')"), stage="acme.sum = Sum")
    for i in range(files):
        sf.write(place / f"x{i}.wav", np.zeros(9), 8000)
    (place / "c.yaml").write_text("version: 1\ninput: x*.wav\noutput: out/{name}\nstages: [{use: acme.sum}]\n")
    done = faltung("run", "c.yaml")
    said = "x0.wav: stages[0] 'acme.sum' failed in the block that begins at frame 0: KeyError: 'why'"
    assert done.code == 1
    assert said in done.err
    assert "Traceback" not in done.err
    assert len(done.err.splitlines()) == (1 if files == 1 else files + 1)
    assert not list(place.glob("out/*.wav"))
    done = faltung("run", "c.yaml", "-v", *([] if files == 1 else ["--force"]))
    assert done.err.count("Traceback") == files
    assert "in process" in done.err


ENDS = [
    ("raise MemoryError('9 TiB')", "not enough memory: 9 TiB"),
    ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    ("raise GeneratorExit", "GeneratorExit"),
    ("raise SystemExit(3)", "SystemExit: 3"),
    ("raise type('Bare', (BaseException,), {})('so')", "Bare: so"),
    ("raise type('Dumb', (Exception,), {'__str__': lambda _: 1 / 0})", "Dumb, whose own text cannot be shown"),
]
"""What would end a program, or show a traceback; and what is told of it."""


@pytest.mark.parametrize(("raised", "words"), ENDS)
@pytest.mark.parametrize(("jobs", "files"), [(1, 1), (1, 3), (2, 3)])
def test_what_would_end_a_program_ends_the_file_alone(dists, faltung: Faltung, place: Path, raised, words, jobs, files):
    process = f"if block.shape[1] == 2: {raised}\n{PARTS['process']}"
    dists.add("acme-a", stage_source(process=process), stage="acme.sum = Sum")
    for i in range(files):
        sf.write(place / f"x{i}.wav", np.zeros((9, 1 if i else 2)), 8000)
    (place / "c.yaml").write_text("version: 1\ninput: x*.wav\noutput: out/{name}\nstages: [{use: acme.sum}]\n")
    done = faltung("run", "c.yaml", "--jobs", jobs)
    assert f"x0.wav: stages[0] 'acme.sum' failed in the block that begins at frame 0: {words}\n" in done.err
    assert (done.code, "Traceback" in done.err) == (1, False)
    assert sorted(path.name for path in place.glob("out/*.wav")) == [f"x{i}.wav" for i in range(1, files)]


@pytest.mark.parametrize(("raised", "words"), ENDS)
@pytest.mark.parametrize("kind", ["stage", "reader", "writer", "event writer", "command", "file"])
def test_what_would_end_a_program_breaks_the_import_alone(dists, faltung: Faltung, place: Path, raised, words, kind):
    name = "halve" if kind == "command" else "acme.xyz"
    (place / "x.xyz").write_bytes(b"XYZ0")
    (place / "own.py").write_text(raised)
    dists.add("acme-a", raised, **({} if kind == "file" else {kind.replace(" ", "_"): f"{name} = A"}))
    used = {
        "stage": ("apply", "in.wav", "o.wav", name),
        "reader": ("info", "x.xyz"),
        "writer": ("apply", "in.wav", "o.xyz", "gain", "gain=1"),
        "event writer": ("match", "in.wav", "--template", "0:20ms", "-o", "o.xyz"),
        "command": (name,),
        "file": ("stages", "--plugin", "own.py"),
    }
    theirs = f"the {kind} {name!r} of acme-a cannot be imported"
    what = "--plugin own.py: cannot be loaded" if kind == "file" else theirs
    done = faltung(*used[kind])
    assert f"{what}: {words}\n" in done.out + done.err
    assert (done.code, "Traceback" in done.err) == (1 if kind == "reader" else 2, False)
    assert faltung("plugins").code == 0
    assert faltung("--help").code == 0


@pytest.mark.parametrize(("raised", "words"), [*ENDS[:3], *ENDS[4:], ("1 / 0", "ZeroDivisionError: division by zero")])
def test_what_a_command_of_others_raises_is_told_in_its_name(dists, faltung: Faltung, raised, words):
    dists.add("acme-a", f"def halve() -> None:\n    {raised}", command="halve = halve")
    done = faltung("halve")
    assert (done.code, done.err) == (1, f"faltung: the command 'halve' of acme-a failed: {words}\n")


@pytest.mark.parametrize("words", ["stages", "apply in.wav o.wav acme.sum -q"])
def test_ctrl_c_while_a_plugin_is_at_work_ends_the_command_without_a_word(dists, place: Path, words):
    hit = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nfor _ in range(1000): pass\n"
    twice = f"{indent(hit, ' ' * 4)}{indent(hit, ' ' * 4)}"
    source = stage_source(process=f"if 1:\n{twice}") if "apply" in words else hit
    dists.add("acme-a", source, stage="acme.sum = Sum")
    started = start(*words.split(), cwd=place, env=environment(PYTHONPATH=f"{dists.folder}:{ROOT}"))
    out, err = started.communicate(timeout=PATIENCE)
    assert (started.returncode, out, err) == (130, b"", b"")


def test_a_stage_that_may_have_made_the_output_infinite_is_named(dists, faltung: Faltung):
    nan = stage_source(init="self.format, self.latency, self.tail = fmt, 0, 0", process="return block * np.nan",
                       flush="return self.format.empty()")  # fmt: skip
    dists.add("acme-a", nan, stage="acme.sum = Sum")
    done = faltung("apply", "in.wav", "o.npy", "acme.sum")
    assert "finite at frame 0, though the input is: numbers grew too large, or stages[0] 'acme.sum' made" in done.err


def test_what_a_plugin_prints_is_no_part_of_the_data(dists, faltung: Faltung, place: Path):
    """At its import, from a file of one's own and at work: to standard error, where it goes beside the words."""
    dists.add("acme-a", "print('imported')\n" + stage_source(process=f"print('works')\n{PARTS['process']}"),
              stage="acme.sum = Sum")  # fmt: skip
    (place / "own.py").write_text("print('loaded')")
    done = faltung("apply", "in.wav", "o.wav", "acme.sum", "--json", "--plugin", "own.py")
    assert done.json["done"] == 1
    assert [line for line in done.err.splitlines() if line in ("imported", "works", "loaded")][:3] == [
        "loaded", "imported", "works",
    ]  # fmt: skip
    assert faltung("plugins", "--json").json
    started = start("apply", "in.wav", "-", "acme.sum", cwd=place, env=environment(PYTHONPATH=f"{dists.folder}:{ROOT}"))
    heard, _ = started.communicate(timeout=PATIENCE)
    assert (started.returncode, len(heard)) == (0, 44 + 1001 * 4)


CHANGES = [
    ("import os; os.chdir('/')", ""),
    ("import sys; sys.stdout.close()", ""),
    ("import threading; t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()", "ZeroDivisionError"),
    ("import atexit; atexit.register(lambda: 1 / 0)", "ZeroDivisionError"),
]


@pytest.mark.parametrize(("change", "said"), CHANGES)
def test_what_a_plugin_does_to_the_process_harms_no_file(dists, place: Path, change, said):
    dists.add("acme-a", stage_source(process=f"{change}\n{PARTS['process']}"), stage="acme.sum = Sum")
    started = start(
        "apply", "in.wav", "o.wav", "acme.sum", cwd=place, env=environment(PYTHONPATH=f"{dists.folder}:{ROOT}")
    )
    told = started.communicate(timeout=PATIENCE)[1].decode()
    assert (started.returncode, "Traceback" in told, said in told) == (0, False, True), told
    assert sf.info(place / "o.wav").frames == 1001


def test_a_format_that_no_signal_has_is_told_with_the_stage(dists):
    dists.add("acme-a", stage_source(open="return P(replace(fmt, fs=float('nan')))"), stage="acme.sum = Sum")
    with pytest.raises(SettingError, match=r"stages\[0\]: a sampling rate is a number above 0, in Hz, got nan"):
        Pipeline([{"use": "acme.sum"}])(np.ones(3), fs=8000)


def test_who_calls_the_library_gets_an_interruption_as_it_is(dists):
    dists.add("acme-a", stage_source(process="raise KeyboardInterrupt"), stage="acme.sum = Sum")
    with pytest.raises(KeyboardInterrupt):
        Pipeline([{"use": "acme.sum"}])(np.ones(3), fs=8000)


# ---- detectors -------------------------------------------------------------------------------------------------------

DETECTOR = """
import numpy as np
from pipeline import stage
from pipeline.dsp.detection import Detection
from pipeline.stages.base import DetectorStage
from pipeline.stages.base.threshold import Threshold

class P:
    latency, tail = 0, 0
    def __init__(self, fmt):
        self.format, self.n, self.at, self.size = fmt, 0, [], []
    def process(self, block):
        for i in np.flatnonzero(block[:, 0]):
            self.at.append(self.n + int(i))
            self.size.append(float(block[i, 0]))
        self.n += len(block)
        return block * 1.0
    def flush(self):
        return self.format.empty()
    def detection(self):
        return Detection.of("tick", 2, self.at, self.size, fs=self.format.fs, frames=self.n)

@stage("acme.tick")
class Tick(DetectorStage):
    SETTINGS = 0
    def open(self, fmt, executor=None):
        return P(fmt)
"""


@pytest.mark.parametrize(
    ("settings", "starts"), [("", [3, 50, 90]), ("threshold: Threshold = Threshold(score=0.4)", [50, 90])]
)
def test_what_a_detector_finds_reaches_every_file_and_page(dists, faltung: Faltung, place: Path, settings, starts):
    dists.add("acme-a", DETECTOR.replace("SETTINGS = 0", settings or "pass"), stage="acme.tick = Tick")
    x = np.zeros(100)
    x[[3, 50, 90]] = [0.25, 0.5, -0.75]
    sf.write(place / "x.wav", x, 8000, "DOUBLE")
    (place / "c.yaml").write_text(
        "version: 1\nstages: [{use: gain, gain: 1}, {use: acme.tick}]\n"
        "events: [e.csv, e.jsonl, e.parquet, e.txt, e.selections.txt]\nreport: r.html\noutput: y.wav\n"
    )
    done = faltung("run", "c.yaml", "x.wav", "--json")
    assert (done.code, done.json["files"][0]["events"]) == (0, len(starts))
    import pyarrow.parquet as pq

    rows = [json.loads(line) for line in (place / "e.jsonl").read_text().splitlines()]
    assert [row["start_frame"] for row in rows] == starts
    assert pq.read_table(place / "e.parquet")["start_frame"].to_pylist() == starts
    assert [len((place / name).read_text().splitlines()) for name in ("e.csv", "e.txt", "e.selections.txt")] == [
        len(starts) + 1, len(starts), len(starts) + 1,
    ]  # fmt: skip
    assert json.loads((place / "r.json").read_text())["files"][0]["events"] == len(starts)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("return Detection.of(", "return {} or dict() and Detection.of(", "gives a Detection, got dict"),
        ("frames=self.n)", "frames=self.n + 1)", r"detection\(\) is of 100 frames at 8000 Hz, got \(8000.0, 101\)"),
        ("self.n + int(i)", "self.n + int(i) + 99", "peaks lie in frames 0 to 99, got 102 to 189"),
        ("float(block[i, 0])", "np.nan", "the scores and offsets of peaks are finite"),
        ('"tick", 2', '"tick", 0', "each template has a length of at least 1 frame"),
        ("return Detection", "1 / 0; return Detection", r"failed in detection\(\), after frame 100: ZeroDivisionError"),
        (
            "SETTINGS = 0",
            "threshold: Threshold = Threshold(fdr=0.05)",
            "has the decoys that its threshold needs, got None",
        ),
        (
            "SETTINGS = 0",
            "threshold: Threshold = Threshold(mad=8)",
            "has the median that its threshold needs, got None",
        ),
    ],
)
def test_a_detection_that_does_not_hold_together_is_named(dists, faltung: Faltung, place: Path, old, new, said):
    assert old in DETECTOR
    source = DETECTOR.replace(old, new)
    dists.add("acme-a", source.replace("SETTINGS = 0", "pass"), stage="acme.tick = Tick")
    x = np.zeros(100)
    x[[3, 90]] = 0.5
    sf.write(place / "x.wav", x, 8000, "DOUBLE")
    (place / "c.yaml").write_text("version: 1\nstages: [{use: acme.tick}]\nevents: e.csv\n")
    done = faltung("run", "c.yaml", "x.wav")
    assert done.code == 1
    assert done.err.startswith("faltung: x.wav: stages[0] 'acme.tick' ")
    import re

    assert re.search(said, done.err)
    assert not (place / "e.csv").exists()


def test_a_detector_in_a_branch_is_refused_as_its_events_would_be_lost():
    with pytest.raises(
        SettingError, match=r"branches\[0\]\[0\]: match finds, and its events would be lost in a branch"
    ):
        Pipeline([{"use": "parallel", "branches": [[{"use": "match", "template": [1, -1, 2]}]]}])(np.ones(9), fs=1)


# ---- the contract kits find what they are for ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("", "", ""),
        (
            "int(i))",
            "int(i) + 1)",
            r"events begin at \[3, 50, 90\], give or take 0, got \[4, 51, 91\]; frames are counted",
        ),
        ("self.n += len(block)", "self.n = len(block)", "detection"),
        ("for i in np.flatnonzero(block[:, 0])", "for i in np.flatnonzero(block[:, 0])[:1]", r"got \[3\]"),
        (
            "self.at.append(self.n",
            "if len(block) < 9: continue\n            self.at.append(self.n",
            "cut into single frames, 0",
        ),
        ('"tick"', '"ti\\rck\\n"', ""),
        ("return block * 1.0", "return block[:-1]", "breaks a promise"),
        (
            "        return Detection.of(",
            "        return Detection.of('t', 1, [0], [1.0], fs=8000, frames=0) if not self.n else Detection.of(",
            "peaks lie in frames 0 to -1, got 0 to 0",  # of no signal
        ),
    ],
)
def test_a_wrong_detector_is_told_what_to_do(dists, old, new, said):
    source = DETECTOR.replace("SETTINGS = 0", "pass")
    assert old in source
    dists.add("acme-a", source.replace(old, new) if old else source, stage="acme.tick = Tick")
    from pipeline.stages.base.registry import stage_class

    x = np.zeros(100)
    x[[3, 50, 90]] = [0.25, 0.5, -0.75]
    stage = stage_class("acme.tick")()
    if not said:
        check_detector(stage, x, 8000, [3, 50, 90])
        return
    with pytest.raises(AssertionError, match=said):
        check_detector(stage, x, 8000, [3, 50, 90])


def test_what_is_no_detector_is_told_what_one_is():
    with pytest.raises(
        AssertionError, match=r"a detector is a DetectorStage, got Gain; derive it from pipeline\.stages"
    ):
        check_detector(Gain(gain=2), np.zeros(9), 8000, [])  # type: ignore[arg-type]


def test_an_event_file_that_holds_fewer_than_were_found_is_told(dists, monkeypatch):
    from faltung_testing import detectors

    dists.add("acme-a", DETECTOR.replace("SETTINGS = 0", "pass"), stage="acme.tick = Tick")
    from pipeline.stages.base.registry import stage_class

    encoded = detectors.encoded_events
    monkeypatch.setattr(
        detectors, "encoded_events", lambda name, found: encoded(name, found).rsplit(b"\n", 2)[0] + b"\n"
    )
    with pytest.raises(AssertionError, match=r"x\.csv holds each of 2 events, got 1; give each a name of plain text"):
        check_detector(stage_class("acme.tick")(), np.array([0, 0.5, 0, 0, -0.5]), 8000, [1, 4])


def skeleton(kind: str) -> str:
    from faltung_new_plugin import _files

    return next(text for path, text in _files("acme.gcf", kind, ".gcf").items() if path.endswith("__init__.py"))


def loaded(source: str, old: str, new: str) -> dict:
    assert old in source
    namespace: dict = {"__name__": "made_up"}
    exec(source.replace(old, new), namespace)
    return namespace


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("MAGIC", "MAGIC", ""),
        (
            "lambda head: head.startswith(MAGIC)",
            "lambda head: True",
            "matches.. is False for WAV; look for bytes that no",
        ),
        ("lambda head: head.startswith(MAGIC)", "lambda head: False", "matches.. is True for the first bytes of x.gcf"),
        (
            "lambda head: head.startswith(MAGIC)",
            "lambda head: 1",
            "matches.. is True for the first bytes of x.gcf, got 1",
        ),
        (
            "SignalInfo(fs, channels",
            "SignalInfo(2 * fs, channels",
            r"info declares frames, channels and fs \(300, 2, 8000",
        ),
        ('frames, "GCF"', 'frames, "GCE"', "info.container is 'GCF', got 'GCE'"),
        (".astype(self._dtype)", ".astype(self._dtype) / 2", "samples as given, got .*; scale and order"),
        ("reshape(count, self.info.channels)", "reshape(self.info.channels, count).T", "samples as given, got"),
        (
            ".astype(self._dtype)",
            ".astype(np.float64)",
            "a whole file is read, got ReadError: .* its blocks have shape .*; the",
        ),
        (
            "self._left -= count",
            "self._left -= count; self._source.skip(4)",
            "a whole file is read, got ReadError: .* is cut short in frame .*; the traceback above",
        ),
        (
            ".astype(self._dtype)",
            ".astype(self._dtype) * (1 + (count == 1))",
            "blocks of 1 frames give the same; keep the place between two reads",
        ),
        (
            ".astype(self._dtype)",
            ".astype(self._dtype) * (1 + (self._dtype == np.float32))",
            "float32 samples are the float64 ones, rounded once",
        ),
        (
            "    def close(self)",
            "    def skip(self, frames): pass\n    def close(self)",
            "skip.1. goes on by so many frames, got 300 after it",
        ),
        (
            "if source.size is not None and source.size < whole",
            "if False",
            "a file that is cut short is an error|is a ReadError",
        ),
        (
            'raise ReadError(source.name, f"is cut short',
            'raise KeyError(f"is cut short',
            "it is a ReadError, got KeyError",
        ),
        (
            "        self._source.close()",
            "        pass",
            "reading a file, and closing the reader leaves no descriptor open",
        ),
        (
            "        whole = len(MAGIC)",
            "        frames = min(frames, (source.size - 26) // 4 // channels)\n        whole = len(MAGIC)",
            "cut to .* of .* bytes it is an error, got .* of 300 frames and none; compare the size of the file",
        ),
    ],
)
def test_a_wrong_reader_is_told_what_to_do(tmp_path, old, new, said):
    made = loaded(skeleton("reader"), old, new)
    if "if False" in new:
        made = loaded(skeleton("reader").replace("if len(data) < 4", "if False and len(data) < 4"), old, new)
    x = np.random.default_rng(1).standard_normal((300, 2)).astype("<f4")
    path = tmp_path / "x.gcf"
    path.write_bytes(made["MAGIC"] + made["HEADER"].pack(8000.0, 2, 300) + x.tobytes())
    kind: ReaderKind = made["READER"]
    if not said:
        check_reader(kind, path, x, fs=8000)
        return
    with pytest.raises(AssertionError, match=said):
        check_reader(kind, path, x, fs=8000)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("MAGIC", "MAGIC", ""),
        ('np.ascontiguousarray(block, "<f4")', 'np.ascontiguousarray(block / 2, "<f4")', "frames are read back within"),
        ("self._header(self.frames)", "self._header(7)", "401 frames are read back within .*, got shape .7, 2."),
        ("self._header(0)", "__import__('os').urandom(16)", ""),
        ("self._header(self.frames))", "self._header(self.frames + 1))",
         "401 frames are read back, got ValueError: .*; do count, size and header agree"),
        ("self._sink.write(MAGIC", "1 / 0; self._sink.write(MAGIC", "401 frames are written, got .*by zero; the"),
        ("self._sink.patch(len(MAGIC), self._header(self.frames))",
         "self._sink.patch(len(MAGIC), self._header(self.frames)); self._sink.write(__import__('os').urandom(8))",
         "the same signal gives the same bytes; leave times, names and random numbers out"),
        ("self._sink.patch(len(MAGIC), self._header(self.frames))",
         "self._sink.patch(len(MAGIC), self._header(self.frames)); self._sink.write(b'0' * self._writes)",
         "blocks of 7 frames give the same bytes; write nothing of a block's own length"),
        ("        self.outputs = [self._sink]\n", "", "401 frames are written, got Wr.* is put into outputs"),
        ("overwrite=request.overwrite", "overwrite=True", "a name that is taken is refused; give request.overwrite"),
        ("self._sink = open_sink(request.path, overwrite=request.overwrite)",
         "open(request.path, 'wb').close(); self._sink = open_sink(request.path, overwrite=True)",
         "nothing has the name before commit"),
        ("open_sink(request.path,", "open_sink(request.path + 'x',",
         "commit.. gives the file its name; put what open_sink.*gives into outputs"),
        ("self._sink.write(MAGIC + self._header(0))",
         "open(request.path + '.log', 'wb').close(); self._sink.write(MAGIC + self._header(0))",
         "what is not committed is forgotten, got .'held.gcf.log'.; put every sink into outputs"),
        ("self._sink.write(MAGIC + self._header(0))",
         "self._sink.write(MAGIC + self._header(0)); request.overwrite and open(request.path, 'wb').close()",
         "what stood under the name stays until commit..; write through open_sink, to nothing else"),
    ],
)  # fmt: skip
def test_a_wrong_writer_is_told_what_to_do(old, new, said):
    source = skeleton("writer").replace(
        "(self, block: np.ndarray[Any, Any]) -> None:",
        """(self, block) -> None:
        self._writes = self._writes + 1""",
    )
    source = source.replace("    def __init__", "    _writes = 0\n\n    def __init__")
    made = loaded(source, old, new)

    def read(path: Path) -> np.ndarray:
        data = path.read_bytes()
        _, channels, frames = made["HEADER"].unpack_from(data, len(made["MAGIC"]))
        first = len(made["MAGIC"]) + made["HEADER"].size
        return np.frombuffer(data, "<f4", frames * channels, first).reshape(frames, channels)

    kind: WriterKind = made["WRITER"]
    if not said:
        check_writer(kind, read, tolerance=1e-7)
        return
    with pytest.raises(AssertionError, match=said):
        check_writer(kind, read, tolerance=1e-7)


@pytest.mark.parametrize(
    ("encode", "said"),
    [
        (lambda found: json.dumps([e.template for s in found for e in s]).encode(), ""),
        (lambda found: json.dumps([e.template for s in found for e in s]), "it gives bytes, got str"),
        (lambda found: json.dumps([e.template for s in found for e in s][:1]).encode(), "4 events .*, got 1; escape"),
        (lambda found: json.dumps([e.template for e in found[0]]).encode(), "two recordings .* are 3, got 2; go"),
        (lambda found: json.dumps([e.template.encode("ascii").decode() for s in found for e in s]).encode(),
         "4 events called .* are encoded, got UnicodeEncodeError: .*; a name may hold any letters"),
        (lambda found: json.dumps([e.template for s in found for e in s]).encode() + b" " * next(COUNT),
         "the same events give the same bytes; leave times"),
    ],
)  # fmt: skip
def test_a_wrong_writer_of_events_is_told_what_to_do(encode, said):
    kind = EventKind("names", (".names",), encode)
    if not said:
        check_events_writer(kind, lambda data: len(json.loads(data)))
        return
    with pytest.raises(AssertionError, match=said):
        check_events_writer(kind, lambda data: len(json.loads(data)))


LABELS = [Label(0.25, 0.5, "wren"), Label(1.0, 1.0, "émile 鳥")]
KEPT: list[object] = []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("LABELS", "LABELS", ""),
        ('(".gcf",)', '(".GCF",)', "extensions are in small letters, with the dot, and have that of x.gcf"),
        ('in rows]', 'in rows[1:]]', "2 labels are read, got 1; give each row of the file one Label"),
        ('float(row["end_s"])', 'float(row["end_s"]) - float(row["start_s"])', "at or before its end, in seconds"),
        ('float(row["end_s"])', 'float(row["end_s"]) * 1000', "end_s as in the file: expected .* seconds from"),
        ('str(row["name"])', 'str(row["name"]).encode().decode("latin-1")', "text as in the file: expected .*émile"),
        ("Label(float", "(float", "a reader of events gives labels, got tuple"),
        ("return [", "KEPT.append(0); return [] if len(KEPT) > 1 else [", "read again the labels are the same; keep"),
        ("return [Label", "text = path.stem; return [Label(0.0, 0.0, 'x')] if text != 'x' else [Label",
         "from another folder and name the labels are the same; take nothing from the path"),
        ("(ValueError, KeyError, TypeError)", "KeyError", "of an empty file it gives labels or a ReadError, got JSOND"),
        ("path.read_bytes()", "(KEPT.append(path.open()), path.read_bytes())[1]", "leaves no descriptor open, got"),
        ("return [Label", "data = path.read_bytes(); path.write_bytes(data + b' '); return [Label",
         "x.gcf is left as it was; open it to read only"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_wrong_reader_of_labels_is_told_what_to_do(tmp_path, old, new, said):
    KEPT.clear()
    made = loaded(skeleton("labels"), old, new)
    made["KEPT"] = KEPT
    path = tmp_path / "x.gcf"
    rows = [{"start_s": one.start_s, "end_s": one.end_s, "name": one.text} for one in LABELS]
    path.write_text(json.dumps({"events": rows}))
    if not said:
        check_event_reader(made["LABELS"], path, LABELS)
        return
    with pytest.raises(AssertionError, match=said):
        check_event_reader(made["LABELS"], path, LABELS)
    KEPT.clear()


def test_a_promise_of_the_format_is_checked_where_it_is_given(dists):
    source = stage_source(
        init="self.format, self.latency, self.tail = replace(fmt, channels=3), 0, 0", flush="return self.format.empty()"
    )
    dists.add("acme-a", source.replace("out = block +", "out = block if 1 else block +"), stage="acme.sum = Sum")
    with pytest.raises(StageError, match=r"'acme.sum'"):
        Pipeline([{"use": "acme.sum"}])(np.ones((4, 2)), fs=1)
    assert Format(1.0, 3).channels == 3


PAIRS = """
from pathlib import Path
import numpy as np
from pipeline.io import ReaderKind
from pipeline.io.base import Reader, SignalInfo

class Pairs(Reader):
    "Samples of a file beside the one that names it."

    def __init__(self, source, options):
        (place,) = files(Path(source.name))
        self._samples = np.fromfile(place, "<i2") / 32768
        self._at = place
        super().__init__(SignalInfo(8000.0, 1, len(self._samples), "PAIR", None), options.dtype)

    def _read_piece(self, frames):
        piece = self._samples[self._done : self._done + frames].astype(self._dtype)[:, None]
        if self._at.with_suffix(".touch").exists():
            self._at.write_bytes(self._at.read_bytes()[::-1])
        return piece

    def close(self):
        pass

def files(path):
    return [path.with_suffix(".npy")]

PAIR = ReaderKind("PAIR", lambda head: head.startswith(b"PAIR"), Pairs, files=files)
"""


def test_the_other_files_of_a_signal_are_read_and_no_output(dists: Distributions, tmp_path: Path) -> None:
    dists.add("acme-pairs", PAIRS, reader="acme.pair = PAIR")
    where = tmp_path / "in"
    where.mkdir()
    (where / "a.pair").write_bytes(b"PAIR")
    (where / "a.npy").write_bytes(np.arange(100, dtype="<i2").tobytes())
    (tmp_path / "c.yaml").write_text(
        "version: 1\ninput: in/*.pair\noutput: out/{stem}.wav\nstages: [{use: gain, gain: 0.5}]\n", "utf-8"
    )

    assert str(run(tmp_path / "c.yaml")) == "1 done"
    assert str(run(tmp_path / "c.yaml")) == "1 unchanged"
    (where / "a.npy").write_bytes(np.arange(1, 101, dtype="<i2").tobytes() + b"  ")
    assert str(run(tmp_path / "c.yaml")) == "1 done"
    job = Pipeline([Gain(gain=0.5)])
    with pytest.raises(UsageError, match=r"a\.npy: the output is a file of .*a\.pair, an input; give it another name"):
        job.run_file(where / "a.pair", where / "a.npy", overwrite=True)
    (where / "a.touch").touch()
    with pytest.raises(ReadError, match=r"a\.npy: was changed while it was read; run it again"):
        job.run_file(where / "a.pair", tmp_path / "b.wav")
