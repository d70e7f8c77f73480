"""Distributions made up for a test: a folder of modules, and the entry points that announce them."""

from __future__ import annotations

import sys
from collections import deque
from pathlib import Path
from textwrap import dedent

import pytest

from pipeline.plugins import GROUPS, Kind


class Distributions:
    """A folder on the path; what is imported from it is forgotten at the end."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        monkeypatch.setattr("pipeline.plugins.failures", deque(maxlen=16))
        monkeypatch.setattr("pipeline.plugins._files", {})  # workers of later tests would load what is in it
        monkeypatch.syspath_prepend(str(folder))

    def add(self, owner: str, source: str, version: str = "1.0", **points: str) -> None:
        """A distribution whose module is named after it; ``stage="acme.comb = Comb"`` are its entry points."""
        module = owner.replace("-", "_")
        (self.folder / f"{module}.py").write_text(dedent(source), "utf-8")
        info = self.folder / f"{module}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {owner}\nVersion: {version}\n")
        lines = []
        for kind, entries in points.items():
            named: Kind = kind.replace("_", " ")  # type: ignore[assignment]
            lines.append(f"[{GROUPS[named]}]")
            for entry in entries.split(";"):
                name, _, value = entry.partition("=")
                lines.append(f"{name.strip()} = {module}:{value.strip()}")
        (info / "entry_points.txt").write_text("\n".join(lines))
        from pipeline import plugins

        plugins._installed.cache_clear()

    def forget(self) -> None:
        """Take what was imported from the folder out of the modules and of the names."""
        from pipeline import plugins
        from pipeline.stages.base import registry

        plugins._installed.cache_clear()
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", None) or "").startswith(str(self.folder)):
                del sys.modules[name]
        for name in [name for name in registry._registered if name.startswith(("acme.", "mine."))]:
            del registry._registered[name]


COMB = """
from pipeline import Kernel, KernelStage, Seconds, stage

@stage("acme.comb")
class Comb(KernelStage):
    "Adds one copy of the signal."

    examples = ({"delay": "5 ms"},)
    delay: Seconds

    def kernel(self, fmt):
        return Kernel.sparse({0: 1.0, fmt.frames(self.delay): 1.0})
"""
