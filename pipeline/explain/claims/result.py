"""`ClaimResult`: one claim made for the flip, the verdict of an experiment, its numbers, and what they say.

Convention: texts are pairs, English and Chinese; every number in them comes out of ``numbers``. ``series`` holds the
arrays that the figure draws.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from ...kernel import Array

__all__ = ["LANGUAGES", "VERDICTS", "ClaimResult", "Language", "Text", "Verdict"]

Verdict = Literal["right", "sloppy", "wrong", "backwards", "circular"]
Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


class Text(NamedTuple):
    """The same thing said in English and in Chinese."""

    en: str
    zh: str


VERDICTS: dict[Verdict, Text] = {
    "right": Text("right", "正确"),
    "sloppy": Text("sloppy", "不严谨"),
    "wrong": Text("wrong", "错误"),
    "backwards": Text("backwards", "说反了"),
    "circular": Text("circular", "循环论证"),
}
"""The words of each verdict."""


@dataclass(frozen=True, eq=False)
class ClaimResult:
    """What became of one claim."""

    key: str
    claim: Text
    """What is usually said."""
    verdict: Verdict
    nuance: Text
    """The verdict's condition, in a few words."""
    finding: Text
    """What the experiment shows."""
    alt: Text
    """The figure in words, for those who do not see it."""
    numbers: dict[str, Any]
    series: dict[str, Array] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the figure, as plain data."""
        pairs = {name: getattr(self, name)._asdict() for name in ("claim", "nuance", "finding", "alt")}
        return {"key": self.key, "verdict": self.verdict, **pairs, "numbers": self.numbers}
