"""Goals, tables and the sections of docs/benchmarks.md, which a measurement replaces by its own, one by one."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pipeline.system import usable_processors

__all__ = ["BEGIN", "END", "Goal", "Section", "machine", "machine_sentence", "seconds", "table", "update"]

BEGIN = "<!-- bench: begin -->"
END = "<!-- bench: end -->"
ORDER = (
    "Long files",
    "Chains",
    "Start-up",
    "Growth",
    "Live",
    "Template matching",
    "Tables",
    "Batches",
    "One long recording",
)
"""Of the sections; others follow."""


@dataclass(frozen=True)
class Goal:
    """Something that is to be reached, and what was measured; ``met`` is None where nothing was."""

    text: str
    measured: str
    met: bool | None

    @property
    def verdict(self) -> str:
        """In a word or two."""
        return "not measured" if self.met is None else "met" if self.met else "**not met**"


@dataclass(frozen=True)
class Section:
    """What one measurement has to say."""

    title: str
    body: str
    """Markdown, without headings of the second level."""
    goals: Sequence[Goal] = ()
    data: dict[str, Any] = field(default_factory=dict)
    """For machines: what JSON can hold."""

    def markdown(self, stamp: str) -> str:
        """The section with its goals first; ``stamp`` says when and where."""
        goals = table(("goal", "measured", ""), [(g.text, g.measured, g.verdict) for g in self.goals])
        parts = [f"## {self.title}", stamp, goals if self.goals else "", self.body]
        return "\n\n".join(part.strip() for part in parts if part.strip())


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def seconds(value: float | None) -> str:
    """A time, or ``-``."""
    return "-" if value is None else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def machine() -> dict[str, str]:
    """What the figures depend on: cores, Python and libraries, and the date."""
    cores = usable_processors()
    facts = {"cores": str(cores), "Python": platform.python_version()}
    for name in ("numpy", "scipy", "opencv-python-headless"):
        try:
            facts[name] = version(name)
        except PackageNotFoundError:
            continue
    return {**facts, "date": date.today().isoformat()}


def machine_sentence(facts: dict[str, str], command: str, busy: float | None = None) -> str:
    """Those facts as a line under a heading; ``busy`` is the part of the cores that other programs had meanwhile."""
    libraries = ", ".join(
        f"{name} {facts[name]}" for name in ("Python", "numpy", "scipy", "opencv-python-headless") if name in facts
    )
    said = f"Measured {facts['date']} on {facts['cores']} cores with {libraries}: `{command}`."
    return said if busy is None else f"{said} Other programs had {busy:.0%} of the cores meanwhile."


def update(path: Path, sections: Sequence[str]) -> None:
    """Put sections between the markers of a page, each in the place of the one with its heading.

    Raises
    ------
    ValueError
        the page lacks a marker.
    """
    text = path.read_text("utf-8")
    before, begin, rest = text.partition(BEGIN)
    block, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{path} must hold {BEGIN} and, after it, {END}")
    known = {_title(part): part.strip() for part in re.split(r"^(?=## )", block, flags=re.MULTILINE) if part.strip()}
    known |= {_title(section): section.strip() for section in sections}
    place = {title: number for number, title in enumerate(ORDER)}
    titles = sorted(known, key=lambda title: place.get(title, len(place)))
    path.write_text("\n\n".join([before + BEGIN, *(known[title] for title in titles), END + after]), "utf-8")


def _title(section: str) -> str:
    return section.partition("\n")[0].removeprefix("## ").strip()
