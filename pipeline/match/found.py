"""Events from the peaks of a search: those at or above the threshold, each with what chance would have given."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..dsp.detection import STATUSES, Detection, Peaks
from ..dsp.thresholds import MIN_DECOYS, Null, fdr_size, gaussian_rate
from ..engine.stream import Detections
from ..errors import SettingError, StageError
from ..io.base import SignalInfo
from ..stages.base import DetectorStage, Stage
from .events import Event, Events, Unscored

if TYPE_CHECKING:
    from ..stages.base.threshold import Rate, Threshold

_Matrix = npt.NDArray[np.float64]
_Nulls = dict[tuple[int, int], Null]


def events_found(
    stages: Sequence[Stage], found: Detections, file: str = "", info: SignalInfo | None = None
) -> tuple[Events, ...]:
    """The events of every stage of a chain that finds, from what `pipeline.engine.stream.stream` found.

    With the clock that the ``info`` of its input has, an event has its true time too.

    Raises
    ------
    SettingError
        on ``stages[i].threshold``: too few decoys to set it from.
    """
    if not found:
        return ()
    from ..stages.base.threshold import Threshold  # loads slowly, and most chains find nothing
    from .times import timed

    searches = []
    for index, detection in found:
        stage = stages[index]
        given = getattr(stage, "threshold", None)
        threshold = given if isinstance(given, Threshold) else None
        band = stage.band(detection.fs) if isinstance(stage, DetectorStage) else None
        for name, needed in (("decoys", "needs_decoys"), ("median", "needs_median")):
            if getattr(threshold, needed, False) and getattr(detection, name) is None:
                what = f"detection() has the {name} that its threshold needs, got None"
                raise StageError(f"stages[{index}] {stage.use!r} breaks a promise: {what}")
        try:
            events = events_of(detection, threshold, file, band)
            searches.append(events if info is None else timed(events, info))
        except SettingError as error:
            raise error.under("stages", index) from error
    return tuple(searches)


def warnings_of(found: Detections) -> list[str]:
    """Sentences on limits that the searches met, and on templates that cannot be in so short a signal."""
    warnings: list[str] = []
    for _, search in found:
        warnings += search.warnings
        for name, length in zip(search.templates, search.lengths, strict=True):
            if length > search.frames:
                has = f"has {length:,} frames, the recording {search.frames:,}"
                warnings.append(f"the template {name!r} {has}: it cannot be found in it")
    return warnings


def events_of(
    detection: Detection, threshold: Threshold | None, file: str = "", band: tuple[float, float] | None = None
) -> Events:
    """The events of one search, and how their threshold was set; the ``band`` is all there is unless given.

    Without a threshold every peak is an event.

    `score` and `fdr` give one threshold for all; `mad` and `false_alarms` one for each template in each channel, the
    latter an equal share of the rate each.

    Raises
    ------
    SettingError
        on ``threshold``: too few decoys to set it from.
    """
    nulls = _nulls(detection)
    values, how = _thresholds(detection, threshold, nulls)
    return Events(
        file=file,
        fs=detection.fs,
        frames=detection.frames,
        templates=detection.templates,
        events=tuple(_accepted(detection, values, nulls, file)),
        thresholds=values,
        how=how,
        candidates=len(detection.peaks),
        decoys=None if detection.decoys is None else len(detection.decoys),
        false_alarms_per_hour=_false_alarms_per_hour(detection, threshold, values, nulls),
        unscored=tuple(_unscored(detection)),
        band=band or (0.0, detection.fs / 2),
    )


def _channels(detection: Detection) -> int:
    columns = [detection.peaks.channel, detection.regions.channel]
    columns += [] if detection.decoys is None else [detection.decoys.channel]
    return 1 + max((int(column.max()) for column in columns if len(column)), default=0)


def _pairs(peaks: Peaks) -> set[tuple[int, int]]:
    """Each template with each channel it has peaks in."""
    width = int(peaks.channel.max(initial=0)) + 1
    found = np.flatnonzero(np.bincount(peaks.template.astype(np.intp) * width + peaks.channel))
    return {divmod(code, width) for code in found.tolist()}


def _are_of(peaks: Peaks, pair: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Which of the peaks are those of one template in one channel."""
    mine: npt.NDArray[np.bool_] = (peaks.template == pair[0]) & (peaks.channel == pair[1])
    return mine


def _nulls(detection: Detection) -> _Nulls:
    """The null of each template in each channel that has decoys enough."""
    decoys = detection.decoys
    if decoys is None:
        return {}
    scores = {pair: decoys.score[_are_of(decoys, pair)] for pair in sorted(_pairs(decoys))}
    return {pair: Null(s, bounded=detection.bounded) for pair, s in scores.items() if len(s) >= MIN_DECOYS}


def _thresholds(detection: Detection, threshold: Threshold | None, nulls: _Nulls) -> tuple[_Matrix, str]:
    shape = (len(detection.templates), _channels(detection))
    if threshold is None:
        return np.zeros(shape), "none: every peak that the stage found."
    if threshold.false_alarms is not None:
        return _at_rate(detection, threshold.false_alarms, nulls, shape)
    if threshold.fdr is not None:
        return _at_fdr(detection, threshold.fdr, shape)
    if threshold.mad is not None:
        if detection.median is None:
            raise ValueError("a threshold of so many medians needs the median |score| of the search")
        fs = detection.fs / detection.hop
        rate = gaussian_rate(threshold.mad, fs) * 3600
        chance = f"Gaussian scores at {fs:g} Hz would reach it in at most {rate:.3g} windows an hour"
        how = f"{threshold.mad:g} times the median |score|; {chance}, for each template and channel."
        return threshold.mad * np.asarray(detection.median, np.float64), how
    which = {"positive": "score of at least ", "negative": "score of at most \N{MINUS SIGN}"}
    what = which.get(detection.polarity, "|score| of at least ")
    return np.full(shape, threshold.score), f"{what}{threshold.score:g}, as set."


def _at_rate(detection: Detection, rate: Rate, nulls: _Nulls, shape: tuple[int, int]) -> tuple[_Matrix, str]:
    """``E = r T`` in all, an equal share for each template in each channel."""
    decoys = _decoys(detection)
    for pair in sorted(_pairs(decoys) | _pairs(detection.peaks)):
        found = int(_are_of(decoys, pair).sum())
        if found < MIN_DECOYS:
            raise SettingError(
                f"the reversed template {detection.templates[pair[0]]!r} has {found} peaks in channel {pair[1]}, "
                f"at least {MIN_DECOYS} are needed to know what chance gives; take a longer recording, a shorter "
                f"min_distance, or set threshold: 0.7 or mad 8",
                "threshold",
                "false_alarms",
            )
    seconds = detection.frames / detection.fs
    count = rate.per_second * seconds
    values = np.full(shape, math.inf)
    for pair, null in nulls.items():
        values[pair] = null.size_at(count / len(nulls))
    spread = max((null.spread(count / len(nulls)) for null in nulls.values()), default=1.0)
    how = (
        f"{rate} in all, {count:.3g} in these {seconds:.6g} s, by {len(decoys)} peaks of the reversed templates; "
        f"the rate is known to within a factor of about {spread:.2g}."
    )
    return values, how


def _at_fdr(detection: Detection, fdr: float, shape: tuple[int, int]) -> tuple[_Matrix, str]:
    """One threshold for all templates and channels together."""
    decoys = _decoys(detection)
    size = fdr_size(detection.peaks.score, decoys.score, fdr)
    if math.isinf(size):
        how = f"No event: no threshold has peaks enough for a false discovery rate of {fdr:.3g}, with 1 added"
        return np.full(shape, size), f"{how} to those of the reversed templates ({len(decoys)} in all)."
    events = int((np.abs(detection.peaks.score) >= size).sum())
    chance = int((np.abs(decoys.score) >= size).sum())
    return np.full(shape, size), (
        f"False discovery rate of at most {fdr:.3g}: {events} peaks of the templates reach it and {chance} of the "
        f"reversed, so (1 + {chance}) / {events} = {(1 + chance) / events:.3g}."
    )


def _decoys(detection: Detection) -> Peaks:
    if detection.decoys is None:
        raise ValueError("this threshold is set from decoys: search with the reversed templates too")
    return detection.decoys


def _false_alarms_per_hour(
    detection: Detection, threshold: Threshold | None, values: _Matrix, nulls: _Nulls
) -> float | None:
    if threshold is not None and threshold.mad is not None and detection.decoys is None:
        return gaussian_rate(threshold.mad, detection.fs / detection.hop) * 3600 * values.size
    if not nulls:
        return None
    expected = sum(float(null.expected(values[pair])) for pair, null in nulls.items())
    return expected / (detection.frames / detection.fs) * 3600


def _accepted(detection: Detection, values: _Matrix, nulls: _Nulls, file: str) -> Iterator[Event]:
    peaks, fs = detection.peaks, detection.fs
    chance = np.full(len(peaks), math.nan)
    for pair, null in nulls.items():
        here = _are_of(peaks, pair)
        chance[here] = len(nulls) * null.expected(np.abs(peaks.score[here]))
    for i in np.flatnonzero(np.abs(peaks.score) >= values[peaks.template, peaks.channel]).tolist():
        start, template, score = int(peaks.frame[i]), int(peaks.template[i]), float(peaks.score[i])
        stop = start + detection.lengths[template]
        yield Event(
            file=file,
            template=detection.templates[template],
            channel=int(peaks.channel[i]),
            start_s=start / fs,
            end_s=stop / fs,
            start_frame=start,
            peak_s=(stop - 1) / fs,
            score=score,
            polarity="positive" if score >= 0 else "negative",
            offset=float(peaks.offset[i]),
            status=STATUSES[0],
            expected_false_alarms=None if math.isnan(chance[i]) else float(chance[i]),
        )


def _unscored(detection: Detection) -> Iterator[Unscored]:
    regions, fs = detection.regions, detection.fs
    columns = (regions.template, regions.channel, regions.start, regions.stop, regions.status)
    for template, channel, start, stop, status in zip(*(column.tolist() for column in columns), strict=True):
        yield Unscored(detection.templates[template], channel, start / fs, stop / fs, STATUSES[status])
