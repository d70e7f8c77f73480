"""What may not be read, leads to nothing or changes while it is read fails alone, with its cause."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline import Gain
from pipeline.errors import ReadError
from pipeline.job import Hooks, Job, run_job
from tests.cli.conftest import environment, write_noise

ROOT = Path(__file__).parents[2]
BATCH = (
    "version: 1\ninput: 'in/**/*.wav'\noutput: 'out/{relative}/{name}'\nstages: [{use: smooth, length: 5001 samples}]\n"
)
COMMAND = (sys.executable, "-m", "pipeline.cli", "run", "c.yaml")
BOUND = "-dac_override,-dac_read_search"


BARS = pytest.mark.skipif(sys.platform != "linux", reason="root loses the right to read all by setpriv")


def barred(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command with these words, in a folder, by one who may not read what is shut."""
    before: tuple[str, ...] = ()
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root may read all, and there is no setpriv")
        before = ("setpriv", f"--bounding-set={BOUND}", f"--inh-caps={BOUND}")
    done = subprocess.run(
        [*before, sys.executable, "-m", "pipeline.cli", *words], cwd=folder, check=False, capture_output=True,
        text=True, env={**environment(PYTHONPATH=str(ROOT), COLUMNS="400"), "PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Path]:
    """Two good files, a shut folder with one, and links to nothing: a file's and a folder's."""
    for folder in ("in/d", "shut"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("good.wav", "in/d/a.wav", "shut/z.wav"):
        write_noise(tmp_path / name)
    (tmp_path / "in/gone").symlink_to("/not/mounted")
    (tmp_path / "shut").chmod(0)
    yield tmp_path
    (tmp_path / "shut").chmod(0o700)


GONE = "in/gone: is a link to what is not there"


@BARS
@pytest.mark.parametrize(
    ("inputs", "said", "done"),
    [
        (("in/*/*.wav",), GONE, ["a.wav"]),
        (("in/gone/*.wav", "good.wav"), GONE, ["good.wav"]),
        (("in/gone/deep/*.wav", "good.wav"), GONE, ["good.wav"]),
        (("in/**/gone/*.wav", "good.wav"), GONE, ["good.wav"]),
        (("in/gone/x.wav", "good.wav"), "in/gone/x.wav: in/gone is a link to what is not there", ["good.wav"]),
        (("in/gone/*.wav",), GONE, []),
        (("shut/z.wav", "good.wav"), "shut/z.wav: permission denied", ["good.wav"]),
        (("shut/*.wav", "good.wav"), "shut: the folder cannot be read: permission denied", ["good.wav"]),
        (("shut/sub/*.wav", "good.wav"), "shut/sub: the folder cannot be read: permission denied", ["good.wav"]),
        (("shut/z.wav",), "shut/z.wav: permission denied", []),
    ],
)  # fmt: skip
def test_what_leads_to_nothing_or_is_shut_fails_alone(
    tree: Path, inputs: tuple[str, ...], said: str, done: list[str]
) -> None:
    (tree / "c.yaml").write_text("version: 1\noutput: 'out/{name}'\nstages: [{use: gain, gain: 1}]\n")
    for more in (("--dry-run",), ()):
        ended = barred(tree, "run", "c.yaml", *inputs, *more)
        assert (ended.returncode, said in ended.stderr) == (1, True), ended.stderr
    assert [path.name for path in tree.glob("out/*.wav")] == done


@BARS
def test_info_shows_the_others_beside_one_that_may_not_be_read(tree: Path) -> None:
    ended = barred(tree, "info", "shut/z.wav", f"{'x' * 300}.wav", "good.wav", "--json")
    told = json.loads(ended.stdout)
    assert (ended.returncode, told[0]["error"]) == (1, "permission denied")
    assert told[1]["error"].startswith("the name is too long")
    assert told[2]["signals"][0]["container"] == "WAV"


@BARS
@pytest.mark.parametrize("way", ["unread", "nothing", "shut", "pipe"])
def test_a_template_of_a_folder_that_cannot_be_read_is_named(tree: Path, way: str) -> None:
    (tree / "calls").mkdir()
    write_noise(tree / "calls/ok.wav", frames=100)
    bad = tree / "calls/bad.wav"
    if way == "unread":
        write_noise(bad, frames=100)
        bad.chmod(0)
    elif way == "pipe":
        os.mkfifo(bad)
    else:
        bad.symlink_to("/not/mounted.wav" if way == "nothing" else "../shut/z.wav")
    ended = barred(tree, "match", "good.wav", "-t", "calls", "-o", "events.csv", "--threshold", "0.9")
    causes = {"nothing": "no such file", "pipe": "is a pipe, a socket or a device"}
    cause = causes.get(way, "permission denied")
    assert (ended.returncode, "bad.wav" in ended.stderr, cause in ended.stderr.casefold()) == (2, True, True), (
        ended.stderr
    )
    assert not (tree / "events.csv").exists()


@BARS
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("match good.wav -t shut/z.wav", "--template: cannot read shut/z.wav: Permission denied"),
        ("match good.wav -t good.wav@0:20ms --truth shut/z.txt", "shut/z.txt: cannot read the labels: Permission deni"),
        ("stages --plugin shut/z.py", "--plugin shut/z.py: Permission denied"),
        ("apply good.wav out.wav convolve file=shut/z.wav", "convolve.file: cannot read shut/z.wav: Permission denied"),
        ("match good.wav -t ~nobody-here/z.wav", "--template: there is no user of that name in '~nobody-here/z.wav'"),
    ],
)
def test_what_settings_name_and_may_not_be_read_is_refused_before_any_work(tree: Path, words: str, said: str) -> None:
    ended = barred(tree, *words.split())
    assert (ended.returncode, said in ended.stderr) == (2, True), ended.stderr


@BARS
def test_what_may_not_be_read_fails_alone_and_is_foreseen(tmp_path: Path) -> None:
    (tmp_path / "in/shut").mkdir(parents=True)
    (tmp_path / "in/open").mkdir()
    for name in ("in/a.wav", "in/unread.wav", "in/shut/s.wav", "in/open/o.wav"):
        write_noise(tmp_path / name)
    (tmp_path / "in/unread.wav").chmod(0)
    (tmp_path / "in/shut").chmod(0)
    (tmp_path / "c.yaml").write_text(BATCH)
    for more in (("--dry-run",), ("--jobs", "2")):
        done = barred(tmp_path, "run", "c.yaml", *more)
        assert done.returncode == 1, done.stderr
        assert "in/shut: the folder cannot be read: permission denied" in done.stderr
        assert "in/unread.wav: permission denied" in done.stderr
    (tmp_path / "in/shut").chmod(0o700)
    assert sorted(path.name for path in (tmp_path / "out").rglob("*.wav")) == ["a.wav", "o.wav"]
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.skipif(sys.platform != "linux", reason="workers are copies on Linux alone")
def test_a_file_that_is_changed_while_it_is_read_fails_alone(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    write_noise(tmp_path / "in/big.wav", frames=6_000_000)
    for i in range(4):
        write_noise(tmp_path / f"in/g{i}.wav")
    (tmp_path / "c.yaml").write_text(BATCH)
    with subprocess.Popen(
        [*COMMAND, "--jobs", "2"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=environment(PYTHONPATH=str(ROOT), COLUMNS="400"),
    ) as process:  # fmt: skip
        until = time.monotonic() + 60
        while not list(tmp_path.glob("out/.*big*")) and time.monotonic() < until:
            time.sleep(0.002)
        with (tmp_path / "in/big.wav").open("r+b") as file:
            file.seek(9_000_000)
            file.write(b"\1" * 1000)
        said = process.communicate(timeout=120)[0]
    assert process.returncode == 1, said
    assert "in/big.wav: was changed while it was read; run it again" in said
    assert sorted(path.name for path in (tmp_path / "out").glob("*.wav")) == [f"g{i}.wav" for i in range(4)]
    assert not list(tmp_path.rglob("*.part"))


def _append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(bytes(1000))


def _write_over(path: Path) -> None:
    data = path.read_bytes()
    with path.open("r+b") as file:  # as cp does it: another recording, which is longer
        file.write(data[:44] + bytes(len(data)))


CHANGES: dict[str, tuple[Callable[[Path], object], str | None]] = {
    "removed": (Path.unlink, "was moved away or removed while it was read; put it back"),
    "replaced": (lambda path: Path("other.wav").replace(path), "was replaced by another file while it was read"),
    "written over by more": (_write_over, "was changed while it was read; run it again when nothing writes to it"),
    "touched": (lambda path: os.utime(path, (1, 1)), "was changed while it was read"),
    "grown": (_append, None),
    "closed to others": (lambda path: path.chmod(0), None),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_made_of_two_files_is_none(change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    change_it, said = CHANGES[change]
    for name in ("in.wav", "other.wav"):
        write_noise(tmp_path / name, frames=300_000)
    once = iter([change_it])
    hooks = Hooks(progress=lambda *_: next(once, lambda _: None)(tmp_path / "in.wav"))
    if said is None:
        report = run_job(Job((Gain(gain=1),)), "in.wav", "out.wav", hooks=hooks)
        assert report.frames_in == 300_000
        return
    with pytest.raises(ReadError, match=f"in.wav: {said}"):
        run_job(Job((Gain(gain=1),)), "in.wav", "out.wav", hooks=hooks)
    assert not list(tmp_path.glob("*out*"))
