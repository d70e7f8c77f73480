"""Sends channels to channels: a matrix of gains, one row for each channel that comes out."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from ..fields import Amplitude, invalid
from ..kernel import Kernel, Taps
from .base import Format, KernelStage, require
from .base.registry import stage

_Row = Annotated[tuple[Amplitude, ...], Field(max_length=64)]


@stage("route")
class Route(KernelStage):
    """Mixes channels: ``y_o[n] = sum_i matrix[o][i] x_i[n]``, one tap with routing."""

    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"to": "mono"},
        {"to": "swap"},
        {"matrix": [[1, 0], [0, 1], ["-6 dB", "-6 dB"]]},
    )

    matrix: Annotated[tuple[_Row, ...], Field(max_length=64)] | None = None
    """Gains, one row for each channel that comes out, in it one for each that goes in: `[[0, 1], [1, 0]]` swaps."""
    to: Literal["mono", "swap", "stereo", "left", "right"] | None = None
    """Instead of a matrix: the mean of all channels (`mono`), left and right exchanged (`swap`), a mono signal on both
    sides (`stereo`), or one side of a stereo signal alone (`left`, `right`)."""

    @field_validator("matrix")
    @classmethod
    def _rows_alike(cls, matrix: tuple[tuple[float, ...], ...] | None) -> tuple[tuple[float, ...], ...] | None:
        if matrix is None:
            return None
        if not matrix or not matrix[0]:
            raise invalid("needs at least one row with at least one gain")
        for o, row in enumerate(matrix):
            if len(row) != len(matrix[0]):
                raise invalid(f"every row must have one gain a channel: row 0 has {len(matrix[0])}, row {o} {len(row)}")
        return matrix

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.matrix is None) == (self.to is None):
            raise invalid("state the routing once: 'matrix' or 'to'")
        return self

    def kernel(self, fmt: Format) -> Kernel:
        rows, setting = self._rows(fmt.channels), "to" if self.matrix is None else "matrix"
        takes = rows.shape[1]
        name = "a row has as many gains as there are" if self.to is None else f"{self.to} takes a number of"
        require(takes == fmt.channels, f"{name} channels: {takes}, the signal has {fmt.channels}", setting)
        return Kernel(rows.T[None])

    def _rows(self, channels: int) -> Taps:
        if self.matrix is not None:
            return np.array(self.matrix)
        fixed = {"swap": [[0, 1], [1, 0]], "stereo": [[1], [1]], "left": [[1, 0]], "right": [[0, 1]]}
        return np.array(fixed[self.to]) if self.to in fixed else np.full((1, channels), 1.0 / channels)
