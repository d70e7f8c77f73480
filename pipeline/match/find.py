"""`match_scores` for whole arrays, `find_matches` for arrays and files, by the machines that stream."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from ..dsp.peaks import Polarity
from ..dsp.score_bank import ChannelMode, Score
from ..dsp.scores import Scorer
from ..engine.functional import as_columns, as_signal
from ..engine.options import Options
from ..engine.plan import BLOCK, make_plan
from ..engine.stream import Detections, stream
from ..errors import SettingError
from ..io import SignalInfo, open_reader
from ..io.formats import READING
from ..stages.base import Format, Precision
from ..stages.base.threshold import Threshold
from ..stages.match import Match
from .events import Events
from .found import events_found


def find_matches(
    x: npt.ArrayLike | str | os.PathLike[str],
    template: Any,
    fs: float = 1.0,
    *,
    threshold: float | str | Mapping[str, Any] | Threshold = 0.7,
    score: Score = "ncc",
    channels: ChannelMode = "each",
    polarity: Polarity = "positive",
    min_distance: str | float | None = None,
    **more: Any,
) -> Events:
    """Places where a template occurs in a signal: the peaks of its score that reach the threshold, by time.

    The score of the window that starts at frame k is ``rho[k]`` of `match_scores`. It is what the stage ``match``
    finds in a run, except that a sample that is not finite is a gap, and no error.

    Parameters
    ----------
    x
        ``(frames,)`` or ``(frames, channels)``, floating point; or the path of a file, which is streamed.
    template
        ``(m,)`` or ``(m, channels)``; a path; ``{"file": "day.wav", "start": "1.2 s", "end": "1.6 s"}``; a list of
        these.
    fs
        rate of an array in Hz; at 1 Hz a second is a frame. A file has its own.
    threshold
        a |score|; ``"mad 8"``, ``"1 per hour"``, ``"fdr 5%"``; or a mapping, ``{"false_alarms": "1 per hour"}``.
    score, channels
        as for `match_scores`.
    polarity
        which scores count: ``positive``, ``negative`` (the template upside down) or ``both``.
    min_distance
        of two peaks that are nearer the higher one counts: ``"250 ms"``, or seconds; half the shortest template.
    more
        options of `pipeline.read` for a file, and for tables among the templates: ``time_column="time"``; and further
        settings of the stage ``match``: ``domain="spectrogram"``.

    Returns
    -------
    Events
        what reached the threshold, by time, with the threshold and what is known of chance.

    Raises
    ------
    SettingError
        a setting that cannot be; a template that cannot be read, is constant or has another rate; no decoy to set
        the threshold from.
    SignalError, ReadError
        no signal; a file that cannot be read.

    Examples
    --------
    >>> found = find_matches([0.0, 1, 3, 2, 0, 5, 15, 10], [1.0, 3, 2], threshold=0.99)
    >>> [(event.start_frame, round(event.score, 3)) for event in found.events]
    [(1, 1.0), (5, 1.0)]
    """
    given = {"template": template, "threshold": threshold, "score": score, "channels": channels, "polarity": polarity}
    given |= {"min_distance": min_distance} if min_distance is not None else {}
    reading = {name: more.pop(name) for name in READING if name in more}
    stages = (Match(**given, **more),)
    info: SignalInfo | None = None
    with ExitStack() as stack:
        if isinstance(x, str | os.PathLike):
            reader = stack.enter_context(open_reader(x, dtype=np.float64, **reading))
            info = reader.info
            fmt = Format(info.fs, info.channels, reading=reading)
            blocks, file = reader.blocks(BLOCK), os.fsdecode(x)
        else:
            columns = as_columns(as_signal(x))
            precision: Precision = "single" if columns.dtype == np.float32 else "double"
            fmt, blocks, file = Format(fs, columns.shape[1], precision, reading), iter([columns]), ""
        try:
            plan = make_plan(stages, fmt, Options(precision=fmt.precision, nonfinite="propagate"))
            found: Detections = []
            for _ in stream(plan, blocks, found):
                pass
            return events_found(stages, found, file, info)[0]
        except SettingError as error:
            raise SettingError(error.message, *error.path[2:]) from error  # seen from here there is one stage


def match_scores(
    x: npt.ArrayLike, template: npt.ArrayLike, *, score: Score = "ncc", channels: ChannelMode = "each"
) -> npt.NDArray[np.float64]:
    """Scores of a template at each window of a signal, ``rho[k]`` for the window that starts at frame k.

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
    SettingError
        a score, or a way with channels, that there is not.

    Examples
    --------
    >>> match_scores([0.0, 1, 3, 2, 0, 5, 15, 10], [1.0, 3, 2]).round(3)
    array([ 0.327,  1.   , -0.327, -0.397,  0.327,  1.   ])
    """
    for setting, value, known in (("score", score, get_args(Score)), ("channels", channels, get_args(ChannelMode))):
        if value not in known:
            raise SettingError(f"must be one of {', '.join(map(repr, known))}, got {value!r}", setting)
    signal = as_signal(x)
    columns = as_columns(signal)
    scorer = Scorer([template], columns.shape[1], score, channels, eps=float(np.finfo(signal.dtype).eps))
    parts = [scores.values[0] for step in (scorer.process(columns), scorer.flush()) for scores in step]
    rows = np.concatenate(parts, axis=1) if parts else np.zeros((scorer.channels_out, 0))
    return rows[0] if signal.ndim == 1 or channels != "each" else np.ascontiguousarray(rows.T)
