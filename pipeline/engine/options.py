"""Options of a run: all that it can be asked for beyond its stages."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ..fields import Within, invalid
from ..settings import Settings
from ..stages.base import Precision
from ..system import usable_processors


class Options(Settings):
    """Options of running a chain of stages; frozen.

    Examples
    --------
    >>> Options(tail="trim", precision="single")
    Options(precision='single', tail='trim')
    """

    precision: Precision = "double"
    """Computes in float64 (`double`) or in float32 (`single`), which is quicker."""
    tail: Literal["keep", "trim"] = "keep"
    """Tail, which sounds on after the input's end: `keep` it, or `trim` the output to the input's length."""
    pre_roll: Literal["trim", "keep"] = "trim"
    """Output of a stage that needs the future before time zero: `trim` it away, or `keep` it."""
    edges: Literal["zero", "hold", "reflect"] = "zero"
    """Signal before the first frame and after the last: silence (`zero`); for time series, which have none, the first
    and the last value for ever (`hold`), or the signal turned round (`reflect`: `c b a | a b c | c b a`): the output
    then has the input's length."""
    fuse: bool = True
    """Multiplies neighbouring kernels into one where that is cheaper."""
    nonfinite: Literal["error", "propagate"] = "error"
    """A NaN or an infinity in the input: an `error`, or let it spread to the frames it touches (`propagate`)."""
    hop: Annotated[int, Field(ge=16, le=1 << 20)] | None = None
    """Frames that go in and come out at a time, for live use; none lets every kernel have its best block."""
    threads: Annotated[int, Within(1, 64)] | None = None
    """Threads that compute; none takes as many as there are processors. The number changes no bit of the output."""

    @model_validator(mode="after")
    def _held_edges_leave_nothing_around(self) -> Self:
        for name in ("tail", "pre_roll"):
            if self.edges != "zero" and name in self.model_fields_set and getattr(self, name) == "keep":
                raise invalid(f"edges: {self.edges} gives an output of the input's length; leave '{name}: keep' out")
        return self

    @classmethod
    def of(cls, settings: Options) -> Options:
        """The options among the settings of a configuration, those that were set."""
        return cls(**{name: getattr(settings, name) for name in cls.model_fields if name in settings.model_fields_set})

    @property
    def keeps_tail(self) -> bool:
        """Whether the output goes on after the input's end."""
        return self.tail == "keep" and self.edges == "zero"

    @property
    def keeps_pre_roll(self) -> bool:
        """Whether the output begins before time zero."""
        return self.pre_roll == "keep"

    @property
    def thread_count(self) -> int:
        """Threads that compute."""
        if self.threads is not None:
            return self.threads
        return usable_processors()
