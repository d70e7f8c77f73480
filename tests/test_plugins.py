"""Plugins of every kind: found without importing, told apart by name, refused by rule, harmless when broken."""

# ruff: noqa: F811 - fixtures of another folder

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
import soundfile as sf

from pipeline import Pipeline, plugins
from pipeline.config.inputs import expand_inputs
from pipeline.errors import PluginError, ReadError, SettingError, UsageError, WriteError
from pipeline.io import open_reader, open_writer
from pipeline.stages.base.registry import available_stages, stage_class

from .cli.conftest import Done, command, environment, faltung, place  # noqa: F401
from .plugin_kit import COMB, Distributions

Faltung = Callable[..., Done]


@pytest.fixture
def dists(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Distributions]:
    made = Distributions(tmp_path_factory.mktemp("dists"), monkeypatch)
    yield made
    made.forget()


@pytest.fixture
def ramp(place: Path) -> Path:
    sf.write(place / "in.wav", np.linspace(-0.5, 0.5, 800), 8000, "FLOAT")
    return place


# ---- stages: the rules of names --------------------------------------------------------------------------------------


def test_a_stage_is_listed_without_being_imported_and_used_by_name(dists: Distributions) -> None:
    dists.add("acme-reverb", COMB, stage="acme.comb = Comb")
    assert ("acme.comb", "acme-reverb") in [(source.name, source.distribution) for source in available_stages()]
    assert "acme_reverb" not in sys.modules
    y = Pipeline([{"use": "acme.comb", "delay": "2 samples"}])(np.array([1.0, 2, 3]), fs=8000)
    assert y.tolist() == [1, 2, 4, 2, 3]


@pytest.mark.parametrize(
    ("points", "source", "said"),
    [
        ("acme.comb = Comb", "import no_such_module", r"the stage 'acme.comb' of acme-a cannot be imported: ModuleNot"),
        ("acme.comb = Comb", "raise SystemExit(3)", r"'acme.comb' of acme-a cannot be imported: SystemExit: 3"),
        ("acme.comb = Comb", "Comb = 3", r"the stage 'acme.comb' of acme-a is 3, not a Stage"),
        ("acme.comb = Combb", COMB, r"cannot be imported: AttributeError"),
        (
            "acme.other = Comb",
            COMB,
            r"'acme.other' of acme-a calls itself 'acme.comb'; its entry point and @stage",
        ),
        ("comb = Comb", COMB, r"the stage 'comb' of acme-a needs a prefixed name such as 'acme.comb'"),
        (".comb = Comb", COMB, r"the stage '.comb' of acme-a needs a prefixed name"),
        ("acme. = Comb", COMB, r"the stage 'acme.' of acme-a needs a prefixed name"),
        (
            "acme.comb = Comb",
            COMB.replace('"acme.comb"', '"echo"'),
            r"cannot be imported: the stage 'echo' of acme_a is one of faltung's own; call it 'acme.echo'",
        ),
        (
            "acme.comb = Comb",
            COMB.replace('"acme.comb"', '"comb"'),
            r"cannot be imported: the stage 'comb' of acme_a needs a prefix; call it 'acme.comb'",
        ),
    ],
)
def test_a_broken_stage_is_listed_and_fatal_only_when_used(
    dists: Distributions,
    points: str,
    source: str,
    said: str,
    faltung: Faltung,
    ramp: Path,
) -> None:
    dists.add("acme-a", source, stage=points)
    name = points.partition(" =")[0]
    with pytest.raises(SettingError, match=said):
        Pipeline([{"use": name, "delay": "1 ms"}])
    listed = {entry["name"]: entry.get("error") for entry in faltung("stages", "--json").json}
    assert listed[name]
    assert faltung("apply", "in.wav", "out.wav", "gain", "gain=0.5").code == 0
    assert faltung("schema").code == 0
    doctor = faltung("doctor", "--json")
    assert (doctor.code, doctor.json["ok"]) == (1, False)


def test_a_stage_that_shadows_ours_is_refused_and_ours_is_used(dists: Distributions, faltung: Faltung) -> None:
    dists.add("acme-a", COMB, stage="echo = Comb")
    assert stage_class("echo").__module__ == "pipeline.stages.echo"
    rows = [entry for entry in faltung("stages", "--json").json if entry["name"] == "echo"]
    assert [row["distribution"] for row in rows] == ["faltung", "acme-a"]
    assert rows[1]["error"] == "the stage 'echo' of acme-a needs a prefixed name such as 'acme.echo'"


def test_two_owners_of_one_name_are_both_named(dists: Distributions) -> None:
    dists.add("acme-a", COMB, stage="acme.comb = Comb")
    dists.add("acme-b", COMB, stage="acme.comb = Comb")
    with pytest.raises(PluginError, match="given by two distributions, acme-a and acme-b; uninstall one"):
        stage_class("acme.comb")


def test_a_distribution_that_lies_on_the_path_twice_is_one(dists: Distributions, tmp_path: Path) -> None:
    dists.add("acme-a", COMB, stage="acme.comb = Comb")
    more = tmp_path / "again"
    more.mkdir()
    for path in dists.folder.glob("*.dist-info"):
        (more / path.name).mkdir()
        for file in path.iterdir():
            (more / path.name / file.name).write_bytes(file.read_bytes())
    sys.path.append(str(more))
    try:
        assert stage_class("acme.comb").use == "acme.comb"
    finally:
        sys.path.remove(str(more))


def test_plugins_can_be_left_out(dists: Distributions, monkeypatch: pytest.MonkeyPatch, faltung: Faltung) -> None:
    dists.add("acme-a", COMB, stage="acme.comb = Comb")
    assert "acme.comb" in [source.name for source in available_stages()]
    monkeypatch.setenv(plugins.OFF, "0")  # put back afterwards
    done = faltung("stages", "--no-plugins")
    assert done.code == 0
    assert "acme.comb" not in done.out
    with pytest.raises(PluginError, match=r"unknown stage 'acme\.comb' \(plugins are left out, by --no-plugins\); "):
        stage_class("acme.comb")
    assert faltung("plugins").out == "plugins are left out, by --no-plugins\n"
    monkeypatch.setenv(plugins.OFF, "1")
    assert faltung("plugins").out == "plugins are left out, by FALTUNG_NO_PLUGINS=1\n"
    assert faltung("plugins", "--json").json == []
    monkeypatch.setenv(plugins.OFF, "0")
    assert "acme.comb" in faltung("plugins").out


def test_the_reason_of_a_broken_import_is_shown_to_those_who_ask(
    dists: Distributions,
    faltung: Faltung,
    ramp: Path,
) -> None:
    dists.add("acme-a", "def inner():\n    raise KeyError('why')\ninner()", stage="acme.comb = Comb")
    short = faltung("apply", "in.wav", "out.wav", "acme.comb")
    assert short.code == 2
    assert "acme-a cannot be imported: KeyError: 'why'" in short.err
    assert "Traceback" not in short.err
    assert "in inner" in faltung("apply", "in.wav", "out.wav", "acme.comb", "-v").err


def test_help_with_plugins_imports_none(dists: Distributions) -> None:
    for i in range(5):
        dists.add(f"acme-{i}", "raise RuntimeError", stage=f"acme.c{i} = C", reader=f"acme.r{i} = R")
    env = {**environment(), "PYTHONPATH": str(dists.folder)}
    for arguments in (["--help"], ["run", "--help"], ["--version"]):
        assert subprocess.run(command(*arguments), env=env, capture_output=True, check=True).stderr == b""


# ---- files of one's own ----------------------------------------------------------------------------------------------


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Path]]:
    folder = tmp_path_factory.mktemp("own")
    made = Distributions(folder, monkeypatch)

    def write(source: str) -> Path:
        path = folder / "mine.py"
        path.write_text(dedent(source))
        return path

    yield write
    made.forget()
    sys.modules.pop("faltung_local_mine", None)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_file_of_ones_own_is_loaded_by_the_command_and_its_workers(
    own: Callable[[str], Path],
    faltung: Faltung,
    ramp: Path,
    jobs: str,
) -> None:
    sf.write(ramp / "two.wav", np.ones(800) / 4, 8000, "FLOAT")
    (ramp / "c.yaml").write_text("version: 1\nstages: [{use: acme.comb, delay: 1 ms}]\n")
    done = faltung("run", "c.yaml", "in.wav", "two.wav", "-o", "out/{name}", "--jobs", jobs, "--plugin", str(own(COMB)))
    assert (done.code, done.err) == (0, "")
    got = sf.read(ramp / "out/two.wav")[0]
    assert got[[0, 7, 8, 807]].tolist() == [0.25, 0.25, 0.5, 0.25]


def test_a_changed_file_of_ones_own_is_a_reason_to_do_it_again(own: Callable[[str], Path], place: Path) -> None:
    path = own(COMB)
    plugins.load_file(path)
    before = plugins.version_of("mine.py")
    path.write_text(COMB + "\n# another\n")
    assert before != plugins.version_of("mine.py") != "unknown"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (None, "--plugin nothing.py: no such file"),
        ("x = ", r"cannot be loaded: SyntaxError"),
        ("1 / 0", r"cannot be loaded: ZeroDivisionError"),
        ("raise SystemExit", r"cannot be loaded: SystemExit"),
        (COMB.replace("acme.comb", "gain"), "the stage 'gain' of faltung_local_mine is one of faltung's own"),
        (COMB.replace("acme.comb", "comb"), "the stage 'comb' of faltung_local_mine needs a prefix"),
    ],
)
def test_a_broken_file_of_ones_own_is_refused_in_a_line(
    own: Callable[[str], Path],
    faltung: Faltung,
    source: str | None,
    said: str,
) -> None:
    done = faltung("stages", "--plugin", "nothing.py" if source is None else str(own(source)))
    assert done.code == 2
    assert said in done.err
    assert len(done.err.splitlines()) == 1
    assert "faltung_local_mine" not in sys.modules


def test_a_file_without_py_is_refused(tmp_path: Path) -> None:
    (tmp_path / "comb.txt").write_text(COMB)
    with pytest.raises(UsageError, match=r"must be a Python file, its name ending in \.py"):
        plugins.load_file(tmp_path / "comb.txt")


def test_a_configuration_cannot_load_code(faltung: Faltung, ramp: Path) -> None:
    (ramp / "c.yaml").write_text("version: 1\nplugin: mine.py\nstages: [{use: gain, gain: 1}]\n")
    assert "plugin: unknown" in faltung("run", "c.yaml", "in.wav", "-o", "o.wav").err


# ---- readers, writers, writers of events, executors ------------------------------------------------------------------

FILES = """
import numpy as np
from pipeline.errors import ReadError
from pipeline.io import Reader, ReaderKind, SignalInfo, Writer, WriterKind
from pipeline.io.sink import open_sink
from pipeline.match.writers import EventKind

class R(Reader):
    def __init__(self, source, options):
        source.read(4)
        count = int.from_bytes(source.read(4), "little")
        super().__init__(SignalInfo(8000.0, 1, count, "GCF", "DOUBLE"), options.dtype)
        self.source = source
    def _read_piece(self, frames):
        frames = min(frames, self.info.frames - self.frames_read)
        return np.frombuffer(self.source.read(8 * frames)).reshape(-1, 1).astype(self._dtype)
    def close(self):
        self.source.close()

class W(Writer):
    def __init__(self, request):
        super().__init__(request)
        self.outputs = [open_sink(request.path, overwrite=request.overwrite)]
        self.outputs[0].write(b"GCF0" + bytes(4))
    def _write(self, block):
        self.outputs[0].write(block.astype(float).tobytes())
    def _finish(self):
        self.outputs[0].patch(4, self.frames.to_bytes(4, "little"))
        return self._report("GCF", "DOUBLE", self.outputs[0].size())

def encode(searches):
    return b"".join(f"{e.start_frame}\\n".encode() for s in searches for e in s)

READER = ReaderKind("GCF", lambda head: head.startswith(b"GCF0"), R)
WRITER = WriterKind("GCF", (".gcf",), W)
EVENTS = EventKind("ticks", (".ticks",), "FILES:encode")
"""


def files(dists: Distributions, source: str = FILES, **more: str) -> None:
    points = {"reader": "acme.gcf = READER", "writer": "acme.gcf = WRITER", "event_writer": "acme.ticks = EVENTS"}
    dists.add("acme-io", source.replace("FILES:", "acme_io:"), **{**points, **more})


def test_a_file_goes_out_and_in_through_plugins_from_yaml(dists: Distributions, faltung: Faltung, ramp: Path) -> None:
    files(dists)
    (ramp / "c.yaml").write_text(
        "version: 1\nstages: [{use: match, template: [0, 1, 2, 1, -1, 0.5], threshold: 0.99}]\nevents: e.ticks\n"
    )
    x = np.random.default_rng(1).standard_normal(200) / 10
    x[50:56] = [0, 0.1, 0.2, 0.1, -0.1, 0.05]
    sf.write(ramp / "x.wav", x, 8000, "DOUBLE")
    assert faltung("apply", "x.wav", "x.gcf", "gain", "gain=1").code == 0
    assert (ramp / "x.gcf").read_bytes() == b"GCF0" + (200).to_bytes(4, "little") + x.tobytes()
    done = faltung("run", "c.yaml", "x.gcf")
    assert (done.code, done.err) == (0, "")
    assert (ramp / "e.ticks").read_text() == "50\n"
    kinds = {entry["kind"] for entry in faltung("plugins", "--json").json}
    assert kinds == {"reader", "writer", "event writer"}
    assert "acme.ticks" in faltung("plugins").out


def test_a_file_of_another_name_is_known_by_its_first_bytes(dists: Distributions, tmp_path: Path) -> None:
    files(dists)
    (tmp_path / "x.dat").write_bytes(b"GCF0" + (1).to_bytes(4, "little") + np.float64(0.5).tobytes())
    with open_reader(tmp_path / "x.dat") as reader:
        assert (reader.info.container, reader.read(9).tolist()) == ("GCF", [[0.5]])


def test_a_folder_that_a_reader_knows_is_one_input(dists: Distributions, tmp_path: Path) -> None:
    files(dists, FILES.replace('head.startswith(b"GCF0")', 'head == b"folder\\0frames\\0more"'))
    for name, inside in (("a.gcf", ("more", "frames")), ("b.gcf", ("frames",)), ("c.raw", ("frames", "more"))):
        (tmp_path / name).mkdir()
        for one in inside:
            (tmp_path / name / one).touch()
    assert expand_inputs([f"{tmp_path}/*.gcf", str(tmp_path / "a.gcf")]) == [tmp_path / "a.gcf"]
    assert tmp_path / "a.gcf" / "more" not in expand_inputs([f"{tmp_path}/**"])
    with pytest.raises(UsageError, match="is a folder; name its files"):
        expand_inputs([str(tmp_path / "b.gcf")])


def test_a_reader_that_breaks_on_a_folder_leaves_it_a_folder(dists: Distributions, tmp_path: Path) -> None:
    files(dists, FILES.replace('head.startswith(b"GCF0")', "hed"))
    (tmp_path / "a.gcf").mkdir()
    with pytest.raises(UsageError, match="is a folder; name its files"):
        expand_inputs([str(tmp_path / "a.gcf")])


def test_what_is_ours_is_read_by_us_whatever_it_is_called(dists: Distributions, tmp_path: Path) -> None:
    files(dists, "raise RuntimeError")
    sf.write(tmp_path / "x.gcf", np.ones(3), 8000, format="WAV")
    with open_reader(tmp_path / "x.gcf") as reader:
        assert reader.info.container == "WAV"


@pytest.mark.parametrize(
    ("points", "old", "new", "said"),
    [
        ({}, "FILES", "", ""),
        ({"reader": "acme.gcf = NONE"}, "", "", "the reader 'acme.gcf' of acme-io cannot be imported: AttributeError"),
        ({"reader": "acme.gcf = WRITER"}, "", "", r"the reader 'acme.gcf' of acme-io is WriterKind.*not a ReaderKind"),
        ({}, "lambda head: head.startswith", "lambda head: hed.startswith", "of acme-io failed: NameError: name 'hed'"),
        ({}, "lambda head: head.startswith(b", "lambda head: ((", "'acme.gcf' of acme-io cannot be imported: Syntax"),
        ({}, "source.read(4)\n", "source.raed(4)\n", "the reader 'acme.gcf' of acme-io failed: AttributeError"),
        ({}, "        frames = min(", "        1 / 0\n        frames = min(", "failed at frame 0: ZeroDivisionError"),
        ({}, ".reshape(-1, 1)", "", r"breaks a promise: its blocks have shape \(up to \d+, 1\) of float64, got \(2,\)"),
        ({}, ".astype(self._dtype)", ".astype('f4')", r"breaks a promise: .* of float64, got \(2, 1\) of float32"),
        ({}, "SignalInfo(8000.0, 1,", "SignalInfo('x', 1,", "it tells a rate, .*, got a rate of 'x' Hz, 1 cha"),
        ({}, "SignalInfo(8000.0, 1,", "SignalInfo(8000.0, 1.5,", "got a rate of 8000.0 Hz, 1.5 channels, 2 frames"),
        ({}, "SignalInfo(8000.0, 1, count", "SignalInfo(8000.0, 1, -1", "breaks a promise: .*, -1 frames"),
        ({}, "self.source.close()", "1 / 0", "the reader 'acme.gcf' of acme-io failed at frame 2: ZeroDivisionError"),
        ({}, "reshape(-1, 1)", "reshape(-1, 1)[1:]", "breaks a promise: it declares 2 frames, and gives 1"),
        ({}, "min(frames, self", "max(4, self", "breaks a promise: it declares 2 frames, and gives 4"),
        ({}, "READER = ReaderKind(\"GCF\", lambda head: head.startswith(b\"GCF0\"), R)",
         "READER = ReaderKind(\"GCF\", lambda head: True, lambda *_: 5)", "breaks a promise: it opens a Reader, got 5"),
    ],
)  # fmt: skip
def test_a_reader_that_is_wrong_is_named(
    dists: Distributions, tmp_path: Path, points: dict[str, str], old: str, new: str, said: str
) -> None:
    if old != "FILES":
        assert old in FILES
    files(dists, FILES if old == "FILES" else FILES.replace(old, new, 1) if old else FILES, **points)
    (tmp_path / "x.gcf").write_bytes(b"GCF0" + (2).to_bytes(4, "little") + np.ones(4).tobytes())
    if not said:
        with open_reader(tmp_path / "x.gcf") as reader:
            assert reader.read(9).tolist() == [[1.0], [1.0]]
        return
    with pytest.raises((ReadError, PluginError), match=said), open_reader(tmp_path / "x.gcf") as reader:
        reader.read(9)


@pytest.mark.parametrize(
    ("points", "old", "new", "said"),
    [
        ({"writer": "acme.gcf = READER"}, "", "", "the writer 'acme.gcf' of acme-io is ReaderKind.*not a WriterKind"),
        ({}, '(".gcf",), W', '(".gcg",), W', "of acme-io writes .gcg, its name says .gcf; make them one"),
        ({}, "self.outputs[0].write(block", "self.outptus[0].write(block", "failed at frame 0: AttributeError"),
        ({}, "self.outputs[0].patch(4", "1 / 0; self.outputs[0].patch(4", "failed at frame 3: ZeroDivisionError"),
        (
            {},
            "        return self._report",
            "        self._report",
            r"_finish\(\) gives a WriteReport of 3 frames",
        ),
        ({}, '(".gcf",), W', '(".gcf",), lambda request: 5', "breaks a promise: it opens a Writer, got 5"),
        ({}, "def _write(self, block", "_close = lambda self: 1 / 0\n    def _write(self", "at frame 0: ZeroDivis"),
    ],
)
def test_a_writer_that_is_wrong_is_named_and_leaves_nothing(
    dists: Distributions, tmp_path: Path, points: dict[str, str], old: str, new: str, said: str
) -> None:
    assert old in FILES
    files(dists, FILES.replace(old, new, 1) if old else FILES, **points)

    def write() -> None:
        with open_writer(tmp_path / "x.gcf", fs=8000, channels=1) as writer:
            writer.write(np.ones((3, 1)))
            writer.commit()

    with pytest.raises((WriteError, PluginError), match=said):
        write()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["reader", "writer", "event_writer"])
def test_an_extension_of_ours_is_refused(dists: Distributions, faltung: Faltung, kind: str) -> None:
    what = {"reader": "READER", "writer": "WRITER", "event_writer": "EVENTS"}[kind]
    dists.add("acme-io", FILES, **{kind: f"acme.csv = {what}"})
    (entry,) = faltung("plugins", "--json").json
    assert "of acme-io is for .csv, which is faltung's own; give its files another extension" in entry["error"]


def test_two_writers_of_one_extension_are_both_named(dists: Distributions, tmp_path: Path) -> None:
    files(dists)
    dists.add("foo-io", FILES, writer="foo.gcf = WRITER")
    said = "two writers are for .gcf, 'acme.gcf' of acme-io and 'foo.gcf' of foo-io; uninstall one"
    with pytest.raises(PluginError, match=said):
        open_writer(tmp_path / "x.gcf", fs=8000, channels=1)


def test_two_readers_of_one_extension_are_told_apart_by_the_first_bytes(dists: Distributions, tmp_path: Path) -> None:
    files(dists)
    dists.add("aaa-io", FILES.replace("GCF0", "GCF9").replace('"GCF"', '"GCF9"'), reader="aaa.gcf = READER")
    for magic, container in ((b"GCF0", "GCF"), (b"GCF9", "GCF9")):
        (tmp_path / "x.gcf").write_bytes(magic + bytes(4))
        with open_reader(tmp_path / "x.gcf") as reader:
            assert reader.info.container == container
    (tmp_path / "x.gcf").write_bytes(b"\xff\x00XX")
    with pytest.raises(ReadError, match=r"in no known format.*; aaa.gcf of aaa-io does not know it; acme.gcf"):
        open_reader(tmp_path / "x.gcf")


EXECUTOR = """
from contextlib import contextmanager
from concurrent.futures import ThreadPoolExecutor

@contextmanager
def opened(address):
    if address.endswith(":broken"):
        raise ValueError("no such queue")
    with ThreadPoolExecutor(2) as pool:
        yield pool, 2
"""


def test_an_executor_of_others_does_the_files(dists: Distributions, faltung: Faltung, ramp: Path) -> None:
    dists.add("acme-queue", EXECUTOR, executor="acme.queue = opened")
    (ramp / "c.yaml").write_text("version: 1\ninput: in.wav\noutput: out.wav\nstages: [{use: gain, gain: 0.5}]\n")
    done = faltung("run", "c.yaml", "--scheduler", "acme.queue:fast", "-q")
    assert (done.code, done.err) == (0, "")
    assert sf.read(ramp / "out.wav")[0][0] == -0.25
    done = faltung("run", "c.yaml", "--scheduler", "acme.queue:broken", "--overwrite", "--force")
    assert done.code == 2
    assert "the executor 'acme.queue' of acme-queue failed: ValueError: no such queue" in done.err


def test_workers_must_have_the_plugins_that_are_used(
    dists: Distributions,
    own: Callable[[str], Path],
    faltung: Faltung,
    ramp: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from faltung_cluster import dask

    dists.add("acme-queue", EXECUTOR, executor="acme.queue = opened")
    dists.add("acme-reverb", COMB, stage="acme.comb = Comb")
    (ramp / "c.yaml").write_text("version: 1\ninput: in.wav\noutput: o.wav\nstages: [{use: acme.comb, delay: 1 ms}]\n")
    here = dask.versions
    calls: list[tuple[str, ...]] = []

    def versions(used: tuple[str, ...]) -> dict[str, str]:
        calls.append(used)
        return {name: version for name, version in here(used).items() if len(calls) > 1 or name != "acme-reverb"}

    monkeypatch.setattr(dask, "versions", versions)
    done = faltung("run", "c.yaml", "--scheduler", "acme.queue")
    assert (done.code, calls[0]) == (2, ("acme-reverb",))
    assert "acme.queue: the executor 'acme.queue' of acme-queue has acme-reverb not installed (here 1.0)" in done.err
    (ramp / "c.yaml").write_text("version: 1\ninput: in.wav\noutput: o.wav\nstages: [{use: mine.comb, delay: 1 ms}]\n")
    mine = str(own(COMB.replace("acme.comb", "mine.comb")))
    done = faltung("run", "c.yaml", "--scheduler", "acme.queue", "--plugin", mine)
    assert done.code == 2
    assert "--plugin mine.py is on this machine alone, its workers have none; make a package of it" in done.err


def test_the_manifest_knows_the_version_of_a_plugin(dists: Distributions, faltung: Faltung, ramp: Path) -> None:
    dists.add("acme-reverb", COMB, stage="acme.comb = Comb")
    (ramp / "c.yaml").write_text("version: 1\nstages: [{use: acme.comb, delay: 1 ms}]\n")
    arguments = ["run", "c.yaml", "in.wav", "-o", "out/{name}", "--jobs", "2", "--report", "r.html"]
    assert faltung(*arguments).code == 0
    assert json.loads((ramp / "r.json").read_text())["run"]["plugins"] == {"acme-reverb": "1.0"}


def test_what_is_built_in_looks_for_no_plugin(ramp, faltung, monkeypatch):
    def looked(kind, _path, real=plugins._installed):
        if kind == "command":  # which `--help` lists
            return real(kind, _path)
        raise AssertionError(f"{kind}s of others were looked for")

    monkeypatch.setattr("pipeline.plugins._installed", looked)
    (ramp / "a.yaml").write_text("version: 1\nstages: [{use: echo, delay: 5 ms}, {use: parallel, branches: [[]]}]\n")
    for line in ("--help", "plan a.yaml in.wav", "run a.yaml in.wav -o out.wav", "apply in.wav 2.wav gain gain=2"):
        done = faltung(*line.split())
        assert (line, done.code, done.err.count("Error")) == (line, 0, 0)
    (ramp / "b.yaml").write_text("version: 1\ninput: '*.wav'\noutput: 'o/{stem}.wav'\nstages: [{use: gain, gain: 2}]\n")
    assert faltung("run", "b.yaml").code == 0


def test_of_plugins_that_fail_again_and_again_the_last_are_kept(dists: Distributions) -> None:
    dists.add("acme-off", "raise RuntimeError('no')", stage="acme.off = Off")
    for _ in range(40):
        with pytest.raises(PluginError, match=r"cannot be imported: RuntimeError: no"):
            stage_class("acme.off")
    assert len(plugins.failures) == 16
