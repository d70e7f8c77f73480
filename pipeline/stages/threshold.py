"""`Threshold`: from which score on a find counts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ..fields import Settings

__all__ = ["Threshold"]


class Threshold(Settings):
    """From which |score| on a find counts."""

    score: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = 0.7
    """The |score| itself: `0.7`."""

    @property
    def needs_decoys(self) -> bool:
        """Whether it is set from the peaks of the reversed templates."""
        return False

    @property
    def needs_median(self) -> bool:
        """Whether it is set from the median |score|."""
        return False
