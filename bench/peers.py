"""How each program is called to convolve a stereo file with a stereo response, and what each does to the result.

docs/benchmarks.md tells the same in words.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path

__all__ = [
    "COPY",
    "DOUBLE",
    "DOUBLE_FAST",
    "FAST",
    "OURS",
    "PEERS",
    "SINGLE",
    "SINGLE_FAST",
    "Case",
    "Command",
    "Peer",
    "copy_command",
    "faltung_command",
    "fast_library",
    "installed",
    "missing",
    "ours",
    "run_command",
]  # fmt: skip

SINGLE, DOUBLE, COPY = "faltung single", "faltung double", "read and write alone"
SINGLE_FAST, DOUBLE_FAST = "faltung single [fast]", "faltung double [fast]"

_SCRIPTS = Path(__file__).with_name("scripts")


@dataclass(frozen=True)
class Case:
    """What is to be convolved with what; ``folder`` takes configuration files."""

    signal: Path
    response: Path
    taps: int
    folder: Path


Command = Callable[[Case, Path], list[str]]
"""The command that writes the convolution of a case to a file."""


@dataclass(frozen=True)
class Peer:
    """A program, how it is called, and what is known of its output."""

    name: str
    command: Command
    present: Callable[[], bool]
    package: str
    """Whose installation brings it."""
    native: bool = False
    """Compiled, and single precision: what faltung is measured against."""
    gains: Sequence[float] | None = (1.0,)
    """Gains that it may apply; None: any."""
    early: Callable[[int], int] = lambda _: 0
    """Frames by which its output comes early, from the number of taps."""
    channels: int = 2
    """How many channels of its output are to be compared."""
    right_tail: bool = True
    """What it writes after the input's last frame is right; if not, it is left out of the comparison."""
    short_only: bool = False
    """Holds the whole signal, or takes long: left out for long ones."""
    rounds: int | None = None
    """Slow ones take part in the first so many rounds."""
    variants: Mapping[str, Command] = field(default_factory=dict)
    """Its settings that change no sample but the time, by their names; the quickest is to be found."""

    def set_to(self, variant: str | None) -> Peer:
        """The same program with one of its settings; as it is for None."""
        return self if variant is None else replace(self, command=self.variants[variant])


def faltung_command(*arguments: str) -> list[str]:
    """The installed command, with arguments."""
    return [str(Path(sys.executable).with_name("faltung")), *arguments]


def run_command(config: Path, source: Path, target: Path, library: str = "scipy") -> list[str]:
    """``faltung run`` on one file; the transforms are those of scipy, or of ``library`` where it is installed."""
    command = faltung_command("run", str(config), str(source), "-o", str(target), "--overwrite", "-q")
    return ["env", f"FALTUNG_FFT={library}", *command]


def copy_command(source: Path, target: Path) -> list[str]:
    """Reading and writing alone, by faltung's own code."""
    return [sys.executable, str(_SCRIPTS / "copy_signal.py"), str(source), str(target)]


def _faltung(precision: str, library: str = "scipy") -> Command:
    """``faltung run`` with a configuration of one `convolve` stage, on two threads."""

    def command(case: Case, output: Path) -> list[str]:
        config = case.folder / f"{precision}-{case.taps}.yaml"
        config.write_text(
            "version: 1\n"
            f"precision: {precision}\n"
            "threads: 2\n"
            "format: {subtype: FLOAT}\n"
            f"stages: [{{use: convolve, file: {case.response.name}}}]\n",
            "utf-8",
        )
        return run_command(config, case.signal, output, library)

    return command


def _fconvolver(case: Case, output: Path, partition: int, options: Sequence[str]) -> list[str]:
    config = case.folder / f"fconvolver-{case.taps}-{partition}.conf"
    reads = "".join(f"/impulse/read {c} {c} 1 0 0 0 {c} {case.response}\n" for c in (1, 2))
    config.write_text(f"/convolver/new 2 2 {partition} {case.taps}\n{reads}", "utf-8")
    return ["fconvolver", *options, str(config), str(case.signal), str(output)]


_FCONVOLVER = {
    " ".join([*options, str(partition)]): partial(_fconvolver, partition=partition, options=options)
    for options in ((), ("-V",))
    for partition in (1024, 2048, 4096, 8192)
}
"""The processor's vector instructions, and the size of the first partition, at most 8,192."""


def _afir(case: Case, output: Path, least: int, most: int) -> list[str]:
    inputs = ["-i", str(case.signal), "-i", str(case.response)]
    quiet = ["-hide_banner", "-nostdin", "-loglevel", "error", "-y"]
    graph = f"afir=gtype=none:minp={least}:maxp={most}"
    return ["ffmpeg", *quiet, *inputs, "-filter_complex", graph, "-c:a", "pcm_f32le", str(output)]


_AFIR = {
    f"{least} to {most}": partial(_afir, least=least, most=most)
    for least, most in ((4096, 4096), (8192, 8192), (16384, 16384), (32768, 32768), (4096, 32768), (8192, 32768))
}
"""The sizes of its partitions, at most 32,768 in version 5.1."""


def _sox(case: Case, output: Path) -> list[str]:
    coefficients = str(case.response.with_suffix(".txt"))
    written = ["-e", "floating-point", "-b", "32", str(output)]
    return ["sox", "-V1", str(case.signal), *written, "fir", coefficients]


def _script(name: str, *first: str) -> Command:
    def command(case: Case, output: Path) -> list[str]:
        return [sys.executable, str(_SCRIPTS / name), *first, str(case.response), str(case.signal), str(output)]

    return command


def _program(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name) is not None


def _module(name: str) -> Callable[[], bool]:
    return lambda: find_spec(name) is not None


def _always() -> bool:
    return True


OURS = (
    Peer(SINGLE, _faltung("single"), _always, "faltung"),
    Peer(DOUBLE, _faltung("double"), _always, "faltung"),
)

FAST = (
    Peer(SINGLE_FAST, _faltung("single", "opencv"), _module("cv2"), "Python package opencv-python-headless"),
    Peer(DOUBLE_FAST, _faltung("double", "opencv"), _module("cv2"), "Python package opencv-python-headless"),
)
"""With the extra ``[fast]``."""

PEERS = (
    Peer(
        "fconvolver",
        _FCONVOLVER["-V 8192"],
        _program("fconvolver"),
        "Debian package jconvolver",
        native=True,
        right_tail=False,
        variants=_FCONVOLVER,
    ),
    Peer(
        "ffmpeg afir",
        _AFIR["32768 to 32768"],
        _program("ffmpeg"),
        "Debian package ffmpeg",
        native=True,
        gains=(1.0, 2.0),
        variants=_AFIR,
    ),
    Peer(
        "sox fir",
        _sox,
        _program("sox"),
        "Debian package sox",
        native=True,
        early=lambda taps: (taps - 1) // 2,
        channels=1,
    ),
    Peer(
        "OpenCV by hand",
        _script("opencv_by_hand.py"),
        _module("cv2"),
        "Python package opencv-python-headless",
    ),
    Peer(
        "pedalboard",
        _script("pedalboard_convolution.py"),
        _module("pedalboard"),
        "Python package pedalboard",
        gains=None,
        short_only=True,
        rounds=1,
    ),
    Peer(
        "scipy float32",
        _script("oaconvolve.py", "float32"),
        _module("scipy"),
        "Python package scipy",
        short_only=True,
        rounds=1,
    ),
    Peer(
        "scipy float64",
        _script("oaconvolve.py", "float64"),
        _module("scipy"),
        "Python package scipy",
        short_only=True,
        rounds=1,
    ),
)


def fast_library() -> str:
    """The library that computes the transforms of the extra, where it is installed, else scipy."""
    return "opencv" if all(peer.present() for peer in FAST) else "scipy"


def ours() -> list[Peer]:
    """faltung, as it is installed by itself, and with its extra where that is here."""
    return [peer for peer in (*OURS, *FAST) if peer.present()]


def installed() -> list[Peer]:
    """The other programs that can be run here."""
    return [peer for peer in PEERS if peer.present()]


def missing() -> list[str]:
    """What is not installed, and what brings it: ``sox fir (Debian package sox)``."""
    return [f"{peer.name} ({peer.package})" for peer in (*FAST, *PEERS) if not peer.present()]
