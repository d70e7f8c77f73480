"""Looks for templates in a signal: scores every window against each, and picks the peaks.

Convention: ``rho[k] = sum_i (x[k+i]-mean_k)(t[i]-mean_t) / (||x_k-mean_k|| ||t-mean_t||)`` belongs to the **start** k
of its window, and is known when the window has ended, m - 1 frames later. The template is not flipped.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any, ClassVar, Literal

import numpy as np

from ..dsp.detection import Detection
from ..dsp.scores import Scores
from ..dsp.search import Search
from ..errors import SettingError, SignalError
from ..fields import Seconds
from ..kernel import Array
from .base import DetectorStage, Format, require
from .registry import stage
from .templates import Templates, load_templates
from .threshold import Threshold, check_decoys

__all__ = ["Match"]


@stage("match")
class Match(DetectorStage):
    """Finds where a template occurs: Pearson's r of the template with every window, and the peaks above a threshold."""

    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"template": [0, 1, 2, 1, -1, 0.5]},
        {"template": [1, -1, 0.5], "score": "matched_filter", "polarity": "both", "threshold": {"score": 0.5}},
    )

    template: Templates
    """What to look for: one template or several, one column a channel or one for all."""
    score: Literal["ncc", "correlation", "matched_filter"] = "ncc"
    """`ncc`: normalised by the norms, from -1 to 1, whatever level and offset; `correlation`: `sum x[k+i] t[i]`;
    `matched_filter`: the gain at which the template fits best."""
    channels: Literal["each", "mean", "sum"] = "each"
    """A score for `each` channel; their `mean`; or one of all channels taken as one long vector (`sum`)."""
    polarity: Literal["positive", "negative", "both"] = "positive"
    """Which scores are peaks: the template, the template turned upside down, or both."""
    min_distance: Seconds | None = None
    """Of two peaks that are nearer, the higher one counts; default half of the shortest template."""
    threshold: Threshold = Threshold(score=0.7)
    """From which |score| on a peak counts."""
    domain: Literal["waveform"] = "waveform"
    """What is compared: the `waveform`."""

    def open(self, fmt: Format, executor: Executor | None = None) -> MatchProcessor:
        return MatchProcessor(self._search(fmt, executor), fmt)

    def _search(self, fmt: Format, executor: Executor | None = None) -> Search:
        templates = load_templates(self.template, fmt)
        check_decoys(self.threshold, templates)
        distance = None if self.min_distance is None else fmt.frames(self.min_distance)
        require(
            distance is None or distance > 0, f"must be at least one frame, got {self.min_distance}", "min_distance"
        )
        try:
            return Search(
                [template.taps for template in templates],
                [template.name for template in templates],
                fmt.fs,
                fmt.channels,
                score=self.score,
                mode=self.channels,
                min_distance=distance,
                polarity=self.polarity,
                floor=self.threshold.score or 0.0,
                decoys=self.threshold.needs_decoys,
                median=self.threshold.needs_median,
                eps=float(np.finfo(fmt.dtype).eps),
                executor=executor,
            )
        except SignalError as error:
            raise SettingError(str(error), "template") from error

    def memory(self, fmt: Format, threads: int) -> int:
        return self._search(fmt).scorer.memory(threads)

    def notes(self, fmt: Format) -> list[str]:
        return [self._search(fmt).scorer.described()]


class MatchProcessor:
    """Gives the scores out as a track: a channel for each template and channel, those of a template together."""

    def __init__(self, search: Search, fmt: Format) -> None:
        self._search = search
        self.format = replace(fmt, channels=search.count * search.scorer.channels_out)
        self.latency, self.tail = search.scorer.longest - 1, 0
        self._frames_in = self._frames_out = 0

    def process(self, block: Array) -> Array:
        before = self.latency if len(block) and not self._frames_in else 0
        self._frames_in += len(block)
        return self._track(before, self._search.process(block), 0)

    def flush(self) -> Array:
        rest = self._search.flush()
        scored = self._frames_out + sum(scores.values.shape[2] for scores in rest)
        return self._track(0, rest, self._frames_in + self.latency - scored if self._frames_in else 0)

    def detection(self) -> Detection:
        return self._search.detection()

    def _track(self, before: int, pieces: Iterable[Scores], after: int) -> Array:
        """Scores as frames, with silence before and after."""
        tracks = [self.format.empty(before)] if before else []
        for scores in pieces:
            rows = scores.values.reshape(self.format.channels, -1)
            tracks.append(np.ascontiguousarray(rows.T, self.format.dtype))
        tracks.append(self.format.empty(after))
        out = np.concatenate(tracks) if len(tracks) > 1 else tracks[0]
        self._frames_out += len(out)
        return out
