"""Looks at what faltung stands on: Python, libraries, the folder for temporary files, the package itself, plugins.

A check that is not good would make a run fail or mislead; what is merely absent, such as ffmpeg, is good and said.
"""

from __future__ import annotations

import platform
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path

from pipeline.cli.terminal import render, table
from pipeline.system import usable_processors
from pipeline.text import count, one_line, size

DISTRIBUTION = "faltung"
_LIBRARIES = ("numpy", "scipy", "soundfile", "soxr", "pydantic", "yaml", "typer", "rich", "matplotlib", "jinja2")
_ENOUGH_ROOM = 1 << 30  # bytes; a whole-signal stage puts an hour of stereo aside in 2.8 GB


@dataclass
class Check:
    """One thing looked at."""

    what: str
    found: str
    good: bool = True


def all_checks() -> list[Check]:
    """Every check, in the order they are shown."""
    return [
        _python(),
        *_machine(),
        *map(_library, _LIBRARIES),
        _transforms(),
        _ours(),
        _version(),
        _temporary(),
        _ffmpeg(),
        _chinese(),
        *_plugins(),
    ]


def _python() -> Check:
    return Check("Python", f"{platform.python_version()}, {sys.executable}", sys.version_info >= (3, 11))


def _machine() -> list[Check]:
    processors = Check("processors", f"{usable_processors()} usable")
    return [Check("platform", platform.platform(terse=True)), processors]


def _library(name: str) -> Check:
    try:
        module = import_module(name)
    except Exception as error:
        return Check(name, f"cannot be imported: {error!r}", good=False)
    found = str(getattr(module, "__version__", "")) or metadata.version(name)
    if name == "soundfile":
        found += f", libsndfile {module.__libsndfile_version__}"
    if name == "soxr":
        found += f", {module.__libsoxr_version__}"
    return Check(name, found)


def _transforms() -> Check:
    """Which library computes the transforms, tried on one that it would do."""
    import numpy as np

    from pipeline.dsp.transforms import library_version, rfft
    from pipeline.errors import UsageError

    try:
        rfft(np.zeros(1024))
        return Check("transforms", library_version())
    except UsageError as error:
        return Check("transforms", str(error), good=False)


def _ours() -> Check:
    """Whether ``import pipeline`` gives the package of this distribution: others use that name too."""
    import pipeline
    from pipeline.cli import terminal

    here = Path(terminal.__file__).resolve().parents[1]
    found = Path(str(pipeline.__file__)).resolve().parent
    if found != here:
        return Check("pipeline", f"{found} is imported, which is not faltung's, {here}", good=False)
    shadowing = [folder for folder in _other_packages(here) if folder != here]
    if shadowing:
        return Check("pipeline", f"{here}; another package of that name lies in {shadowing[0]}", good=False)
    return Check("pipeline", one_line(here))


def _other_packages(here: Path) -> list[Path]:
    """Folders named ``pipeline`` that another way of starting Python would find before ours."""
    found = []
    for entry in sys.path:
        folder = Path(entry or ".").resolve() / here.name
        if folder == here:
            break
        if (folder / "__init__.py").is_file():
            found.append(folder)
    return found


def _version() -> Check:
    """Whether the code that runs is the distribution that is installed."""
    from pipeline import __version__

    try:
        installed = metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return Check(DISTRIBUTION, f"{__version__}, run from its source, not installed")
    if installed != __version__:
        return Check(DISTRIBUTION, f"{__version__} runs, {installed} is installed; install it again", good=False)
    return Check(DISTRIBUTION, installed)


def _temporary() -> Check:
    try:
        folder = tempfile.gettempdir()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Check("temporary files", str(error), good=False)
    text = f"{one_line(folder)}, {size(free)} free"
    if free < _ENOUGH_ROOM:
        return Check("temporary files", f"{text}; set TMPDIR to a folder with room", good=False)
    return Check("temporary files", text)


def _ffmpeg() -> Check:
    return Check("ffmpeg", shutil.which("ffmpeg") or "not found; only some tests use it")


def _chinese() -> Check:
    """The font in which explain draws Chinese; a page without one shows boxes on this machine, too."""
    from pipeline.errors import PluginError
    from pipeline.plugins import bundled

    try:
        found = bundled("faltung_explain.drawing", "Chinese").chinese_font()
    except PluginError as error:
        return Check("Chinese font", str(error))
    return Check("Chinese font", found or "not found; --lang zh draws in English. On Debian: fonts-noto-cjk")


def _plugins() -> list[Check]:
    """Stages of faltung, and plugins of every kind, and whether each can be used."""
    from pipeline.stages.base.registry import available_stages

    from .plugged import list_plugins

    ours = sum(source.distribution == DISTRIBUTION for source in available_stages())
    checks = [Check("stages", f"{count(ours, 'stage')} of faltung")]
    for plugin in list_plugins():
        found = plugin.get("error", f"from {plugin['from']} {plugin['version']}")
        checks.append(Check(f"{plugin['kind']} {plugin['name']}", found, good="error" not in plugin))
    return checks


def show_checks(checks: Sequence[Check]) -> None:
    """The checks as a table."""
    from rich.text import Text

    shown = table("", "what", "found", fold=2)
    for check in checks:
        shown.add_row("ok" if check.good else Text("WRONG", "bold red"), check.what, check.found)
    render(shown)
