"""``python -m tests.faults.sacred``: every option of every command, given every file that its run reads, by any name.

The commands and their options are those that the command itself lists, bundled packages and plugins included, so that
a new one is tried as soon as it is there; a command with no line below is an error. Each option that takes a value,
each argument, and each setting that ``-s`` can change is given the name of each file that the run reads; then each
file that a run writes is made another name of each file that it reads. What is said and the exit code do not matter:
the bytes of what is read must be what they were.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
import typer
from pydantic import BaseModel

import pipeline
from pipeline import plugins
from pipeline.cli import main
from pipeline.cli.commands import app
from pipeline.cli.options import add_plugin_options
from pipeline.config.model import Configuration

CONFIG = """\
version: 1
input: [in.wav, t.csv]
output: out/{name}
stages: [{use: convolve, file: ir.wav}, {use: convolve, file: taps.npy}]
"""
CHAIN = ("convolve", "file=ir.wav", ":", "convolve", "file=taps.npy")
PLUGIN = ("--plugin", "mine.py")
SOUND = ("c.yaml", "mine.py", "in.wav", "ir.wav", "taps.npy", "taps.json")
SWEEP = ("sweep.wav", "sweep.json", "mine.py")

COMMANDS: dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "run": [
        (("c.yaml", "in.wav", "-o", "new.wav", "--report", "new.html", *PLUGIN), SOUND),
        (("c.yaml", *PLUGIN), (*SOUND, "t.csv", "t.json")),
        (("c.yaml", "t.csv", "-o", "new.npy", *PLUGIN), ("c.yaml", "mine.py", *SOUND[3:], "t.csv", "t.json")),
    ],
    "apply": [
        (("in.wav", "new.npy", *CHAIN, "--save", "new.yaml", *PLUGIN), SOUND[1:]),
        (("t.csv", "new.csv", "gain", "gain=1", *PLUGIN), ("t.csv", "t.json", "mine.py")),
    ],
    "match": [
        (("in.wav", "-t", "call.wav", "-t", "@labels.txt", "--truth", "truth.csv", "-o", "new.csv", "-o", "new.txt",
          "--report", "new.html", "--run-report", "run.html", "--save", "new.yaml", *PLUGIN),
         ("in.wav", "call.wav", "labels.txt", "truth.csv", "mine.py")),
    ],
    "plan": [(("c.yaml", "in.wav"), SOUND)],
    "bake": [(("c.yaml", "-o", "new.npy", "--fs", "8 kHz", *PLUGIN), (*SOUND, "t.csv", "t.json"))],
    "stages": [(("echo",), SOUND)],
    "plugins": [((), SOUND)],
    "info": [(("in.wav", "t.csv"), (*SOUND, "t.csv", "t.json"))],
    "schema": [(("-o", "new.json", *PLUGIN), (*SOUND, "t.csv", "t.json"))],
    "doctor": [((), SOUND)],
    "explain": [(("c.yaml", "in.wav", "-o", "seen", *PLUGIN), SOUND)],
    "flip-check": [(("c.yaml", "--fs", "8 kHz"), SOUND)],
    "measure": [
        (("take.wav", "--sweep", "sweep.wav", "-o", "new.wav", "--report", "new.html", "--speech", "speech.wav",
          *PLUGIN), ("take.wav", "speech.wav", *SWEEP)),
        (("take.csv", "--sweep", "sweep.wav", "-o", "new.npy", *PLUGIN), ("take.csv", "take.json", *SWEEP)),
    ],
    "new-plugin": [(("acme.comb",), SOUND)],
    "sweep": [(("-o", "new.wav", "--length", "1 s", "--fs", "8 kHz", "--to", "3 kHz", *PLUGIN), ("mine.py",))],
}  # fmt: skip
"""For each command, command lines that are right, each with the files that it reads."""

_NO_PLACE = {"no_plugins", "scheduler", "install_completion", "show_completion"}
"""Options that name no file, and would change this process or leave this machine."""


_IN_TURN = {"-s", "--speech", "--truth"}
"""Words of lines that are many or slow: one file for each, in turn, unless all is tried."""


def commands() -> dict[str, Any]:
    """Every command by its name, as typer knows it."""
    group: Any = typer.main.get_command(app)
    add_plugin_options(group)
    with group.make_context("faltung", ["stages"]) as context:
        return {name: group.get_command(context, name) for name in group.list_commands(context)}


def settings_of(model: type[BaseModel] = Configuration, before: str = "") -> Iterator[str]:
    """Every setting of a configuration as ``-s`` names it: ``events``, ``batch.manifest``."""
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from settings_of(inner, f"{before}{name}.")
        elif name not in ("stages", "version"):
            yield f"{before}{name}"


def lines(name: str, command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Command lines with ``{}`` where the name of a file is to stand: in each option, argument and setting."""
    again = next((("--overwrite",) for one in command.params if one.name == "overwrite"), ())
    again += next((("--force",) for one in command.params if one.name == "force"), ())
    valued = [one for one in command.params if one.param_type_name == "option" and not one.is_flag]
    for option in valued:
        if option.name in ("settings", "said"):
            for setting in settings_of():
                yield (name, *words, "-s", f"{setting}={{}}", *again)
                yield (name, *words, "-s", f"{setting}={{}}")  # a batch replaces its own unasked
        elif option.name not in _NO_PLACE:
            yield (name, *words, option.opts[0], "{}", *again)
    taking = {opt for one in valued for opt in one.opts}
    for i, word in enumerate(words):
        if not word.startswith("-") and (i == 0 or words[i - 1] not in taking):
            yield (name, *words[:i], "{}", *words[i + 1 :], *again)


def scene(folder: Path) -> None:
    """Everything that the lines of `COMMANDS` read, in a folder."""
    noise = np.random.default_rng(7).uniform(-0.1, 0.1, 3000)
    for name, x in (("in", noise), ("call", noise[1000:1400]), ("ir", noise[:20]), ("speech", noise)):
        sf.write(folder / f"{name}.wav", x, 8000)
    (folder / "t.csv").write_text("x\n" + "\n".join(map(str, range(50))) + "\n")
    np.save(folder / "taps.npy", np.array([1.0, 0.5]))
    for name in ("t", "taps"):
        (folder / f"{name}.json").write_text('{"fs": 8000, "site": 7}')
    (folder / "labels.txt").write_text("0.125\t0.175\twren\n")
    (folder / "truth.csv").write_text("start,end,label\n0.125,0.175,wren\n")
    (folder / "mine.py").write_text("# nothing of mine\n")
    (folder / "c.yaml").write_text(CONFIG, "utf-8")
    with working_in(folder):
        code, said = tried(
            "sweep", "-o", "sweep.wav", "--length", "1 s", "--fs", "8 kHz", "--to", "3 kHz", "--silence", "0.3 s"
        )
        assert code == 0, said
        x, info = pipeline.read("sweep.wav")
        y = np.concatenate([np.zeros(2000), 0.5 * x[:, 0]])
        pipeline.write("take.wav", y, info.fs, subtype="PCM_24")
        pipeline.write("take.csv", y, info.fs)


@contextlib.contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """The folder as the working folder."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def tried(*words: str) -> tuple[int, str]:
    """Exit code of a command, and what it said; the plugin files of the command before are forgotten."""
    plugins._files.clear()
    for name in [name for name in sys.modules if name.startswith(plugins._LOCAL)]:
        del sys.modules[name]
    said = io.TextIOWrapper(io.BytesIO(), "utf-8", errors="backslashreplace")
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            code = main(words)
    finally:
        plugins._files.clear()
    said.flush()
    return code, said.buffer.getvalue().decode()  # type: ignore[attr-defined]


def named(victim: str) -> list[str]:
    """Names of one file: its own, through folders, in full, through a linked folder, a link, and a hard link.

    The hard link is called as the file would be in capitals: where case does not count, the system answers so.
    """
    Path("here").symlink_to(".")
    Path("deep").mkdir()
    Path(f"link-{victim}").symlink_to(victim)
    os.link(victim, victim.upper())
    full = str(Path.cwd() / victim)
    return [victim, f"./{victim}", f"deep/../{victim}", full, f"here/{victim}", f"link-{victim}", victim.upper()]


class Trial:
    """A folder with a scene that is put right again after every try, with what was tried and what was changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        scene(folder)
        self._before = {path.name: path.read_bytes() for path in folder.iterdir()}
        self.tries, self.refused, self.changed = 0, 0, list[str]()

    def _mend(self) -> None:
        for path in self._folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name not in self._before or path.is_symlink() or path.read_bytes() != self._before[path.name]:
                path.unlink()
        for name, data in self._before.items():
            if not (self._folder / name).exists():
                (self._folder / name).write_bytes(data)

    def try_line(self, words: tuple[str, ...], victim: str, read: tuple[str, ...], which: int | None) -> None:
        """Try a line with the names of the victim, one of the files that it reads, or with one of the names."""
        for i in range(7) if which is None else [which % 7]:
            with working_in(self._folder):
                name = named(victim)[i]
                self._run([word.replace("{}", name) for word in words], read)
            self._mend()

    def written_by(self, words: tuple[str, ...]) -> list[str]:
        """Files that a line writes."""
        with working_in(self._folder):
            code, said = tried(*words)
            assert code == 0, (words, said)
            new = {str(path.relative_to(".")) for path in Path().rglob("*") if path.is_file()} - self._before.keys()
        self._mend()
        return sorted(new)

    def try_written(self, words: tuple[str, ...], written: str, victim: str, read: tuple[str, ...]) -> None:
        """Try a line whose output is another name of the victim; and reads it by that name."""
        for link, reads in ((os.symlink, False), (os.symlink, True), (os.link, False)):
            with working_in(self._folder):
                Path(written).parent.mkdir(parents=True, exist_ok=True)
                link(Path.cwd() / victim, written)
                self._run([written if reads and word == victim else word for word in words], read)
            self._mend()

    def _run(self, words: list[str], read: tuple[str, ...]) -> None:
        code, said = tried(*words)
        self.tries += 1
        self.refused += code == 2
        assert "Traceback" not in said, (words, said)
        for name in read:
            if not Path(name).exists() or Path(name).read_bytes() != self._before[name]:
                self.changed.append(f"{name}: {' '.join(words)}")


def search(names: list[str], folder: Path, *, whole: bool = False, brief: bool = False) -> Trial:
    """Try the commands of these names: whole; or with one name of each file in turn, and one file for some lines.

    ``brief`` takes one file in turn for every line.
    """
    trial, known, turn = Trial(folder), commands(), 0
    for name in names:
        for words, read in COMMANDS[name]:
            for line in lines(name, known[name], words):
                every = whole or (not brief and _IN_TURN.isdisjoint(line))
                for victim in read if every else [read[turn % len(read)]]:
                    trial.try_line(line, victim, read, None if whole else turn)
                    turn += 1
            again = tuple(f"--{one.name}" for one in known[name].params if one.name in ("overwrite", "force"))
            for written in trial.written_by((name, *words)):
                for victim in read if not brief else [read[turn % len(read)]]:
                    turn += 1
                    trial.try_written((name, *words, *again), written, victim, read)
    return trial


def table() -> int:
    """Print for each command what was tried; how often a file was changed."""
    total, changed = 0, 0
    for name, command in commands().items():
        with tempfile.TemporaryDirectory() as folder:
            trial = search([name], Path(folder), whole="--short" not in sys.argv)
        options = sum(len(list(lines(name, command, words))) for words, _ in COMMANDS[name])
        shown = f"{options} options, settings and arguments, {trial.tries} tries, {trial.refused} refused"
        print(f"{name} | {shown} | {len(trial.changed)} inputs changed", flush=True)
        for one in trial.changed:
            print(f"  CHANGED {one}")
        total, changed = total + trial.tries, changed + len(trial.changed)
    print(f"{total} tries, {changed} inputs changed")
    return changed


if __name__ == "__main__":
    sys.exit(table() > 0)
