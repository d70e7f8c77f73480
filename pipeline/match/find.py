"""`match_scores` and `search` for whole arrays, by the machine that streams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..dsp.detection import Detection
from ..dsp.score_bank import ChannelMode, Score
from ..dsp.scores import Scorer
from ..dsp.search import Search
from ..engine.functional import as_signal

__all__ = ["match_scores", "search"]


def match_scores(
    x: npt.ArrayLike, template: npt.ArrayLike, *, score: Score = "ncc", channels: ChannelMode = "each"
) -> npt.NDArray[np.float64]:
    """How well a template fits each window of a signal, ``rho[k]`` for the window that starts at frame k.

    ``rho[k] = sum_i (x[k+i]-mean_k)(t[i]-mean_t) / (||x_k-mean_k|| ||t-mean_t||)``: Pearson's r, in [-1, 1], off by at
    most 1e-9 whatever offsets, bursts and levels; 0 where a window is constant or holds a NaN.

    Parameters
    ----------
    x
        ``(frames,)`` or ``(frames, channels)``, floating point.
    template
        ``(m,)``, the same for every channel, or ``(m, channels)``. It is not flipped.
    score
        ``ncc``, as above; ``correlation``, ``sum_i x[k+i] t[i]``; ``matched_filter``, that by ``||t||^2``.
    channels
        a score for ``each``; the ``mean`` of those that have one; all as one long vector (``sum``).

    Returns
    -------
    array
        ``(frames - m + 1,)`` in float64, none if m is larger than the signal; ``(frames - m + 1, channels)`` for a
        signal in two dimensions with a score for each.

    Raises
    ------
    SignalError
        no signal; a template that is empty, constant, not finite, or for another number of channels.

    Examples
    --------
    >>> match_scores([0.0, 1, 3, 2, 0, 5, 15, 10], [1.0, 3, 2]).round(3)
    array([ 0.982,  1.   , -0.655, -0.596, -0.052,  1.   ])
    """
    signal = as_signal(x)
    planar = signal.reshape(len(signal), -1)
    scorer = Scorer([template], planar.shape[1], score, channels, eps=float(np.finfo(signal.dtype).eps))
    parts = [scores.values[0] for step in (scorer.process(planar), scorer.flush()) for scores in step]
    rows = np.concatenate(parts, axis=1) if parts else np.zeros((scorer.channels_out, 0))
    return rows[0] if signal.ndim == 1 or channels != "each" else np.ascontiguousarray(rows.T)


def search(
    x: npt.ArrayLike,
    templates: Sequence[npt.ArrayLike],
    fs: float = 1.0,
    *,
    names: Sequence[str] | None = None,
    floor: float = 0.0,
    **settings: Any,
) -> Detection:
    """Peaks of the scores of several templates in a signal of ``fs`` Hz.

    ``names`` are those of the templates, default ``t0``, ``t1``, ...; ``floor`` is the |score| from which on there
    are peaks; ``score``, ``mode``, ``min_distance`` in frames, ``polarity``, ``compete``, ``decoys`` and ``median``
    are as for `pipeline.dsp.search.Search`. Raises as `match_scores` does.
    """
    signal = as_signal(x)
    planar = signal.reshape(len(signal), -1)
    named = [f"t{i}" for i in range(len(templates))] if names is None else names
    eps = float(np.finfo(signal.dtype).eps)
    made = Search(templates, named, fs, planar.shape[1], floor=floor, eps=eps, **settings)
    made.process(planar)
    made.flush()
    return made.detection()
