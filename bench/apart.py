"""Libraries that need another numpy, or a compiler: installed in an environment of their own, ``build/peers``."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

__all__ = ["APART", "build", "python_of"]

FOLDER = Path(__file__).resolve().parents[1] / "build" / "peers"
APART = {"EQcorrscan": "eqcorrscan"}
"""Libraries that are run there, and their modules."""

_FIRST = ("numpy<2", "setuptools<70", "cython", "pkgconfig", "wheel")
_THEN = ("EQcorrscan==0.5.2", "soundfile")


def python_of(name: str) -> str | None:
    """The interpreter that a library is run by; None where it is not installed."""
    python = FOLDER / "bin" / "python"
    if name not in APART:
        return sys.executable
    return str(python) if any(FOLDER.glob(f"lib/python*/site-packages/{APART[name]}")) else None


def build(say: Callable[[str], None]) -> int:
    """Install them, once; the exit code."""
    pip = [str(FOLDER / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    steps = (
        [sys.executable, "-m", "venv", "--clear", str(FOLDER)],
        [*pip, *_FIRST],
        [*pip, "--no-build-isolation", *_THEN],
    )
    for step in steps:
        say(" ".join(step))
        if subprocess.run(step, check=False).returncode:
            say("EQcorrscan needs a C compiler and FFTW to be built (Debian packages gcc and libfftw3-dev)")
            return 1
    return 0
