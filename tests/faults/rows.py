"""The rows of the table of faults: an input that is made here, a command, its exit code and what must be said.

F: that file fails with its cause, exit 1. C: refused before any work, exit 2. W: right output and a warning, exit 0.
Whatever happens, what stood under the output's name stays unless the exit code is 0, and nothing else is left behind.
"""

from __future__ import annotations

import contextlib
import io
import os
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile as sf

from pipeline.cli import main

OLD = b"what stood here before"
RAW = struct.pack("<100h", *range(-5000, 5000, 100))


def chunk(name: bytes, data: bytes, size: int | None = None) -> bytes:
    return name + struct.pack("<I", len(data) if size is None else size) + data + b"\0" * (len(data) % 2)


def fmt(channels: int = 1, fs: int = 8000, bits: int = 16, tag: int = 1) -> bytes:
    width = channels * bits // 8
    return chunk(b"fmt ", struct.pack("<HHIIHH", tag, channels, fs, fs * width, width, bits))


def wav(*chunks: bytes, form: bytes = b"RIFF") -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return form + struct.pack("<I", len(body)) + body


def coded(container: str, frames: int = 20_000) -> bytes:
    file = io.BytesIO()
    sf.write(file, 0.3 * np.random.default_rng(1).uniform(-1, 1, frames), 8000, format=container)
    return file.getvalue()


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


GOOD = wav(fmt(), chunk(b"data", RAW))
FLOATS = np.array([0.1, np.nan, 0.2, 1.5], "<f4").tobytes()
GAIN = ("gain", "gain=1")


@dataclass(frozen=True)
class Row:
    """One fault: ``files`` are put into an empty folder, ``words`` are run there."""

    name: str
    code: int
    said: str
    words: tuple[str, ...] = ("apply", "in.wav", "out.wav", *GAIN, "--overwrite")
    files: dict[str, bytes] = field(default_factory=lambda: {"in.wav": GOOD})
    made: Callable[[], object] = lambda: None
    output: str = "out.wav"


def broken(name: str, data: bytes, said: str, code: int = 1, file: str = "in.wav", **more: object) -> Row:
    words = ("apply", file, "out.wav", *GAIN, "--overwrite")
    return Row(name, code, said, words, {file: data}, **more)  # type: ignore[arg-type]


def config(name: str, text: str, said: str, code: int = 2, **files: bytes) -> Row:
    made = {"c.yaml": text.encode(), "in.wav": GOOD, **{key.replace("_", "."): data for key, data in files.items()}}
    return Row(name, code, said, ("run", "c.yaml", "--overwrite"), made)


def yaml(stage: str = "{use: gain, gain: 1}", more: str = "", output: str = "out.wav") -> str:
    return f"version: 1\ninput: in.wav\noutput: {output}\n{more}stages: [{stage}]\n"


def bound() -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("in.wav")


def ring() -> None:
    Path("ring").symlink_to("ring")


ROWS = (
    broken("data chunk larger than the file", wav(fmt(), chunk(b"data", RAW, 2000)), "declares 1000 frames, has 100"),
    config("the same, accepted", yaml(more="truncated: accept\n"), "warning: in.wav: declares 1000 frames", 0,
           in_wav=wav(fmt(), chunk(b"data", RAW, 2000))),
    broken("data size 0 with audio behind it", wav(fmt(), chunk(b"data", RAW, 0)), "warning: in.wav: the header", 0),
    config("the same, accepted: salvaged", yaml(more="truncated: accept\n"), "warning: in.wav: ", 0,
           in_wav=wav(fmt(), chunk(b"data", RAW, 0))),
    broken("data size 0xFFFFFFFF", wav(fmt(), chunk(b"data", RAW, 0xFFFFFFFF)), "warning: in.wav: ", 0),
    broken("partial last frame", wav(fmt(), chunk(b"data", RAW + b"\1")), "warning: in.wav: the last frame is cut", 0),
    broken("RF64 with no ds64", wav(fmt(), chunk(b"data", RAW, 0xFFFFFFFF), form=b"RF64"), "ds64"),
    broken("empty", b"", "is empty (0 bytes)"),
    broken("text called .wav", b"These are notes, not sound.\n", "is text, not WAV"),
    broken("zeros", bytes(4096), "starts with zeros"),
    broken("._NAME of a Mac", b"\0\5\x16\7" + bytes(200), "AppleDouble", file="._a.wav"),
    broken("a Git LFS pointer", b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
    broken("RIFF that is no WAVE", b"RIFF\x04\0\0\0AVI ", "no WAVE audio"),
    broken("no fmt chunk", wav(chunk(b"data", RAW)), "in.wav"),
    broken("rate 0", wav(fmt(fs=0), chunk(b"data", RAW)), "rate of 0 Hz; tell it: sox -r 48000 IN.wav"),
    broken("0 channels", wav(fmt(channels=0), chunk(b"data", RAW)), "0 channels; 1 to 64 can be read\n"),
    broken("1025 channels", wav(fmt(channels=1025), chunk(b"data", bytes(2050))), "in.wav"),
    broken("0 frames, which is legitimate", wav(fmt(), chunk(b"data", b"")), "", 0),
    broken("1 frame", wav(fmt(), chunk(b"data", b"\1\2")), "", 0),
    broken("NaN in the input", wav(fmt(bits=32, tag=3), chunk(b"data", FLOATS)), "in.wav: the input holds nan"),
    config("NaN let through into PCM", yaml(more="nonfinite: propagate\nformat: {subtype: PCM_16}\n"),
           "has no code", 1, in_wav=wav(fmt(bits=32, tag=3), chunk(b"data", FLOATS))),
    config("over full scale", yaml("{use: gain, gain: 40 dB}"), "clipped", 0),
    config("over full scale, clip: error", yaml("{use: gain, gain: 40 dB}", "clip: error\n"), "over full scale", 1),
    config("over the range of FLOAT", yaml("{use: gain, gain: 1000 dB}", "format: {subtype: FLOAT}\n"),
           "warning: out.wav: 99 samples over the range of FLOAT, limited to it", 0),
    broken("FLAC with a flipped byte", flipped(coded("FLAC"), 12_000), "stopped after frame 4096 of 20000;",
           file="in.flac"),
    broken("FLAC cut short", coded("FLAC")[:20_000], "stopped after frame 8192 of 20000; give", file="in.flac"),
    Row("the output is the input", 2, "in.wav: the output is an input", ("apply", "in.wav", "in.wav", *GAIN,
        "--overwrite"), output="in.wav"),
    Row("the output is the input, by a link", 2, "the output is an input (in.wav)", made=lambda: (
        Path("out.wav").unlink(), os.symlink("in.wav", "out.wav")), output="in.wav"),  # noqa: PTH211
    Row("--save would replace the input", 2, "the saved configuration is an input",
        ("apply", "in.wav", "new.wav", *GAIN, "--save", "in.wav", "--overwrite"), output="in.wav"),
    Row("a sidecar would replace that of an input", 2, "is the sidecar of t.csv",
        ("apply", "t.csv", "t.npy", *GAIN, "--overwrite"), {"t.csv": b"x\n1\n2\n", "t.json": b'{"fs": 10}'},
        output="t.json"),
    Row("two inputs under one name", 2, "written to one output; put {parent}/{name} in it",
        ("run", "c.yaml", "a/x.wav", "b/x.wav", "-o", "out/{name}", "--overwrite"),
        {"c.yaml": yaml().encode(), "a/x.wav": GOOD, "b/x.wav": GOOD}),
    Row("names that are one where case does not count", 2, "one name where case or composition does not count",
        ("run", "c.yaml", "X.wav", "x.wav", "-o", "out/{name}", "--overwrite"),
        {"c.yaml": yaml().encode(), "X.wav": GOOD, "x.wav": GOOD}),
    Row("missing", 2, "does not exist", files={}),
    Row("a folder", 2, "is a folder", files={}, made=lambda: Path("in.wav").mkdir()),
    Row("a link that goes round", 1, "in.wav: symbolic links that go round in a circle", files={},
        made=lambda: Path("in.wav").symlink_to("in.wav")),
    Row("a link to nothing, met by a pattern", 1, "b.wav: is a link to what is not there", ("run", "c.yaml", "*.wav",
        "-o", "o/{name}"), {"c.yaml": yaml().encode(), "a.wav": GOOD}, lambda: Path("b.wav").symlink_to("gone")),
    Row("a pipe, met by a pattern", 1, "b.wav: is a pipe, a socket or a device", ("run", "c.yaml", "[ab].wav",
        "-o", "o/{name}"), {"c.yaml": yaml().encode(), "a.wav": GOOD}, lambda: os.mkfifo("b.wav")),
    Row("a socket", 1, "in.wav: is a socket, or a device that is not there", files={},
        made=bound),
    Row("a link to a device, met by a pattern", 1, "b.wav: is a pipe, a socket or a device", ("run", "c.yaml",
        "[ab].wav", "-o", "o/{name}"), {"c.yaml": yaml().encode(), "a.wav": GOOD},
        lambda: Path("b.wav").symlink_to("/dev/null")),
    Row("a folder of inputs that goes round", 1, "ring/a.wav: ring is a link to nowhere: symbolic links that go round",
        ("apply", "ring/a.wav", "o.wav", *GAIN), made=ring),
    *(Row(f"a folder of outputs that goes round: {words}", code, f"ring{name}: symbolic links that go round in a",
        (*words.split(), f"ring{name}", *more), {"in.wav": GOOD, "c.yaml": yaml().encode()}, ring)
      for words, name, code, *more in (
          ("apply in.wav", "/o.wav", 1, *GAIN), ("run c.yaml --report", "/r.html", 2), ("schema -o", "/s.json", 1),
          ("match in.wav -t 0:0.005 -o", "/m.csv", 1), ("explain c.yaml -o", "", 1), ("explain claims -o", "", 1))),
    Row("a folder of outputs that is a link to nothing", 1, "gone/d/o.wav: gone is a link to what is not there",
        ("apply", "in.wav", "gone/d/o.wav", *GAIN), made=lambda: Path("gone").symlink_to("nothing")),
    Row("a folder of outputs that is a file", 1, "in.wav/o.wav: part of the path is a file, not a folder",
        ("apply", "in.wav", "in.wav/o.wav", *GAIN)),
    Row("a name that is not UTF-8", 0, "", ("apply", "caf\udce9.wav", "out.wav", *GAIN, "--overwrite"),
        {"caf\udce9.wav": GOOD}),
    Row("a name of 300 characters", 1, "too long", ("apply", "in.wav", "x" * 300 + ".wav", *GAIN)),
    config("a path out of the output folder", yaml(output="'out/{stem}/../../../x.wav'"), "outside the output folder"),
    config("a template with an attribute", yaml(output="'{stem.__class__}.wav'"), "unknown name '{stem.__class__}'"),
    config("a template with a width", yaml(output="'{stem:>99999999}.wav'"), "unknown name '{stem:>99999999}'"),
    config("a NUL in a path", yaml(output='"a\\0b.wav"'), "NUL"),
    config("YAML 1:30", yaml("{use: delay, delay: 1:30}"), "c.yaml:4"),
    config("YAML 1e-3 is a number", yaml("{use: delay, delay: 1e-3}"), "", 0),
    config("YAML 010 is ten", yaml("{use: echo, delay: 1 samples, gain: 0.5, repeats: 010}"), "10 frames", 0),
    config("a key twice", yaml("{use: gain, gain: 1, gain: 2}"), "c.yaml:4"),
    config("an integer of 5,001 digits", yaml("{use: gain, gain: " + "9" * 5001 + "}"), "at most 300 digits, got 5001"),
    config("nesting without end", "version: 1\nstages: " + "[" * 5000, "c.yaml"),
    config("expansion without end", "version: 1\nx-a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
        f"x-{b}: &{b} [" + ", ".join([f"*{a}"] * 10) + "]\n" for a, b in zip("abcdefg", "bcdefgh", strict=True)),
        "too much for a configuration"),
    config("a configuration of 300 KiB", yaml() + "#" * 300_000, "c.yaml: a configuration has at most 262,144"),
    config("10^8 taps", yaml("{use: smooth, length: 100000000 samples}"), "taps"),
    config("10^6 repeats", yaml("{use: echo, delay: 10 s, gain: 0.5, repeats: 1000000}"), "repeats"),
    broken("a damaged NPZ", b"PK\3\4" + bytes(100), "in.npz: is no readable NPZ", file="in.npz"),
    Row("an array that declares 10^12 rows", 1, "declares 1000000000000 frames, has 0", ("apply", "in.npy", "out.wav",
        *GAIN, "--overwrite"), {"in.npy": b"\x93NUMPY\1\0\x76\0" + b"{'descr': '<f8', 'fortran_order': False, 'shape':"
        b" (1000000000000,), }".ljust(117) + b"\n", "in.json": b'{"fs": 8000}'}),
    Row("a sidecar with a rate of 400 digits", 1, "in.json", ("apply", "in.csv", "out.wav", *GAIN, "--overwrite"),
        {"in.csv": b"x\n1\n2\n", "in.json": b'{"fs": 1' + b"0" * 400 + b"}"}),
    Row("one time stamp that is far off", 1, "over the limit of 1,000,000", ("run", "c.yaml"),
        {"c.yaml": yaml(more="time_column: t\ngaps: nan\nnonfinite: propagate\n").replace("in.wav", "in.csv")
         .replace("out.wav", "o.csv").encode(), "in.csv": b"t,x\n0,1\n1,2\n2,3\n1000000000,4\n"}),
)  # fmt: skip


@contextlib.contextmanager
def prepared(row: Row, folder: Path) -> Iterator[None]:
    """The folder with the row's files in it, as the working folder."""
    before = Path.cwd()
    folder.mkdir(exist_ok=True)
    os.chdir(folder)
    try:
        Path("out.wav").write_bytes(OLD)
        for name, data in row.files.items():
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_bytes(data)
        row.made()
        yield
    finally:
        os.chdir(before)


def tried(row: Row) -> tuple[int, str]:
    """Exit code of the row's command, and all that it said."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        code = main(row.words)
    return code, said.getvalue()


def left_behind(folder: Path) -> list[str]:
    """Temporary files in the folder."""
    return [path.name for path in folder.rglob("*") if path.name.endswith(".part")]
