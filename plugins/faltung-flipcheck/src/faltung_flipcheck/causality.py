"""`causality_check`: does a change of the future alter what was already heard?

Convention: two signals are equal before frame n and differ from n on. Whatever differs in the outputs before frame n
was made from the future. Alignment is by index: an output that comes late as a whole is causal.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .targets import as_target

_SEED = 21


@dataclass(frozen=True)
class CausalityVerdict:
    """The answer of `causality_check`.

    Examples
    --------
    >>> from pipeline import causality_check
    >>> verdict = causality_check(lambda x: x[::-1], name="backwards")
    >>> verdict.causal, verdict.lookahead > 0
    (False, True)
    """

    target: str
    causal: bool
    changed: int
    """The frame from which the input was changed, of the try that reached back furthest."""
    earliest: int | None
    """The first frame of the output that this altered by more than rounding; None where nothing changed."""
    rounded: int
    """Frames before ``changed`` that differ in their last digits alone, as transforms of whole blocks make them."""
    largest_rounding: float
    """The largest of these differences, relative to the largest sample."""

    @property
    def lookahead(self) -> int:
        """Frames of the future it needs: ``changed - earliest``, 0 for a causal target."""
        return 0 if self.earliest is None else max(0, self.changed - self.earliest)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain data."""
        return {**asdict(self), "lookahead": self.lookahead}

    def __str__(self) -> str:
        told = f"a change from frame {self.changed} alters the output from {self.earliest}"
        if self.earliest is None:
            told = "the future never reached the output"
        earlier = "" if self.causal else f", {self.lookahead} earlier"
        first = f"{self.target}: {'causal' if self.causal else 'not causal'}; {told}{earlier}"
        if not self.rounded:
            return first
        return f"{first}\n  {self.rounded:,} earlier frames differ by rounding, {self.largest_rounding:.1g} at most"


def causality_check(
    f: Any, kernel: npt.ArrayLike | None = None, *, frames: int = 0, fs: float = 48_000.0, name: str | None = None
) -> CausalityVerdict:
    """Change the future and find the earliest output that hears of it.

    Parameters
    ----------
    f, kernel, fs, name
        as for `flip_check`; signals of one axis only.
    frames
        length of the signals; by default long enough for four kernels.

    Returns
    -------
    CausalityVerdict
        whether the past stayed as it was, and where it did not.

    Raises
    ------
    UsageError, SignalError
        `as_target`: no target; what comes back is no array of finite numbers.

    Examples
    --------
    >>> import numpy as np
    >>> causality_check(lambda x, h: np.convolve(x, h, "same")).lookahead
    1
    """
    target = as_target(f, kernel, fs=fs, name=name)
    taps = 0 if target.taps is None else len(target.taps)
    n = frames or max(1024, 4 * taps + 64, target.least_frames)
    rng = np.random.default_rng(_SEED)
    shape = (n,) * target.axes
    past, future = (target.amplitude * rng.integers(-256, 257, shape) / 256 for _ in range(2))
    past = past / 2  # the future may be louder than all before it: what is scaled to its loudest frame hears that
    before = target(past)
    tries = []
    for cut in (n // 4, n // 2, n // 2 + 1, 3 * n // 4):
        altered = past.copy()
        altered[cut:] = future[cut:]
        tries.append(_compare(target.name, before, target(altered), cut, target.tolerance(before)))
    return max(tries, key=lambda verdict: (verdict.lookahead, verdict.earliest is not None, verdict.rounded))


def _compare(name: str, before: Any, after: Any, cut: int, tolerance: float) -> CausalityVerdict:
    frames = min(len(before), len(after))
    size = float(max(np.abs(before).max(), np.abs(after).max())) or 1.0
    error = np.abs(after[:frames] - before[:frames]).reshape(frames, -1).max(axis=1) / size
    found = np.flatnonzero(error > tolerance)
    earliest = int(found[0]) if len(found) else None
    quiet = error[: cut if earliest is None else min(cut, earliest)]
    rounded = int(np.count_nonzero(quiet))
    causal = earliest is None or earliest >= cut
    return CausalityVerdict(name, causal, cut, earliest, rounded, float(quiet.max(initial=0.0)))
