"""Claims made for the flip: each as it is usually put, the verdict of an experiment, and its numbers.

Convention: the texts of a claim stand in ``templates/claims.json``, in English and in Chinese; every number in them
comes out of its experiment. ``series`` holds the arrays that its figure draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pipeline.kernel import Array

from ..bilingual import Bilingual, fill, texts_of

__all__ = ["VERDICTS", "ClaimResult", "Verdict", "claim_text"]

Verdict = Literal["right", "sloppy", "depends", "wrong", "backwards", "circular"]

VERDICTS: dict[Verdict, Bilingual] = {
    "right": {"en": "right", "zh": "正确"},
    "sloppy": {"en": "sloppy", "zh": "不严谨"},
    "depends": {"en": "depends", "zh": "视情况而定"},
    "wrong": {"en": "wrong", "zh": "错误"},
    "backwards": {"en": "backwards", "zh": "说反了"},
    "circular": {"en": "circular", "zh": "循环论证"},
}
"""The words of each verdict."""


@dataclass(frozen=True, eq=False)
class ClaimResult:
    """The outcome of the experiment on one claim."""

    key: str
    claim: Bilingual
    """The claim as it is usually made."""
    verdict: Verdict
    nuance: Bilingual
    """The verdict's condition, in a few words."""
    finding: Bilingual
    """The result of the experiment in words."""
    alt: Bilingual
    """The figure in words, for those who do not see it."""
    numbers: dict[str, Any]
    series: dict[str, Array]

    @classmethod
    def of(
        cls, key: str, verdict: Verdict, numbers: dict[str, Any], series: dict[str, Array], **more: Any
    ) -> ClaimResult:
        """The result of claim ``key``, its texts filled with its numbers and with ``more``."""
        claim, nuance, finding, alt = (
            claim_text(key, part, **{**numbers, **more}) for part in ("claim", "nuance", "finding", "alt")
        )
        return cls(key, claim, verdict, nuance, finding, alt, numbers, series)

    def to_dict(self) -> dict[str, Any]:
        """All but the figure, as plain data."""
        texts = {"claim": self.claim, "nuance": self.nuance, "finding": self.finding, "alt": self.alt}
        return {"key": self.key, "verdict": self.verdict, **texts, "numbers": self.numbers}


def claim_text(key: str, part: str, /, **values: Any) -> Bilingual:
    """A part of the texts of claim ``key``, with values in it."""
    return fill(texts_of("claims.json")[key][part], values)
