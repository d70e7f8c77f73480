"""Looks for templates in a signal: scores every window against each, and picks the peaks.

Convention: ``rho[k] = sum_i (x[k+i]-mean_k)(t[i]-mean_t) / (||x_k-mean_k|| ||t-mean_t||)`` belongs to the **start** k
of its window, and is known when the window has ended, m - 1 frames later. The template is not flipped. Of spectrograms
it is the same in two dimensions (`pipeline.dsp.patch_search`); each frame then has the score of the column begun last.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import model_validator

from ..dsp.detection import Detection
from ..dsp.patch_search import PatchSearch, patch_asymmetry
from ..dsp.scores import Scores
from ..dsp.search import Search, SearchSettings
from ..dsp.spectrogram import Grid, spectrogram
from ..errors import SettingError, SignalError
from ..fields import Seconds, invalid
from ..kernel import Array, Taps
from .base import DetectorStage, Format, require
from .base.registry import stage
from .base.spectrogram import SpectrogramSettings
from .base.templates import Template, Templates, load_templates
from .base.threshold import Threshold, check_decoys


@stage("match")
class Match(DetectorStage):
    """Finds where a template occurs: Pearson's r of the template with every window, and the peaks above a threshold."""

    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"template": [0, 1, 2, 1, -1, 0.5]},
        {"template": [1, -1, 0.5], "score": "matched_filter", "polarity": "both", "threshold": {"score": 0.5}},
    )

    template: Templates
    """Templates to look for: one or several, one column a channel or one for all."""
    score: Literal["ncc", "correlation", "matched_filter"] = "ncc"
    """`ncc`: normalised by the norms, from -1 to 1, whatever level and offset; `correlation`: `sum x[k+i] t[i]`;
    `matched_filter`: the gain at which the template fits best."""
    channels: Literal["each", "mean", "sum"] = "each"
    """A score for `each` channel; their `mean`; or one of all channels taken as one long vector (`sum`)."""
    polarity: Literal["positive", "negative", "both"] = "positive"
    """Which scores are peaks: the template, the template turned upside down, or both."""
    min_distance: Seconds | None = None
    """Least time between two peaks: of nearer ones the higher counts; default half of the shortest template."""
    threshold: Threshold = Threshold(score=0.7)
    """Threshold: from which |score| on a peak counts."""
    domain: Literal["waveform", "spectrogram"] = "waveform"
    """Domain that is compared: the `waveform`, or the levels of a `spectrogram`, for sounds whose phase varies."""
    spectrogram: SpectrogramSettings | None = None
    """Window, hop, band and floor of `domain: spectrogram`."""

    _loaded: tuple[Templates, Format, list[Template]] | None = None

    @model_validator(mode="after")
    def _of_the_domain(self) -> Self:
        if self.domain == "waveform" and self.spectrogram is not None:
            raise invalid("'spectrogram' belongs to domain: spectrogram, the domain is 'waveform'")
        if self.domain == "spectrogram" and self.score != "ncc":
            raise invalid(f"score: {self.score} is of waveforms: levels in dB have no gain to fit; take score: ncc")
        if self.domain == "spectrogram" and self.channels == "sum":
            raise invalid("channels: sum is of waveforms: patches of several channels are scored by 'each' or 'mean'")
        least = self.threshold.score or 0.0
        if self.score == "ncc" and least > 1:
            raise invalid(f"no score of ncc is above 1, the threshold is {least:g}; write a part of 1: {least / 100:g}")
        return self

    def loaded(self, fmt: Format) -> Self:
        copy = self.model_copy()
        copy._loaded = (self.template, fmt, load_templates(self.template, fmt))
        return copy

    def _templates(self, fmt: Format) -> list[Template]:
        if self._loaded is not None and self._loaded[:2] == (self.template, fmt):
            return self._loaded[2]
        return load_templates(self.template, fmt)

    def turned(self, fmt: Format) -> Self:
        """The same search for the templates reversed, which is what a convolution would look for."""
        copy = self.model_copy(update={"threshold": Threshold(score=0.7)})
        copy._loaded = (self.template, fmt, [replace(t, taps=t.taps[::-1].copy()) for t in self._templates(fmt)])
        return copy

    def open(self, fmt: Format, executor: Executor | None = None) -> MatchProcessor:
        return MatchProcessor(self.search(fmt, executor), fmt)

    def search(
        self, fmt: Format, executor: Executor | None = None, first_frame: int | None = None
    ) -> Search | PatchSearch:
        """The search itself, of a whole signal, or of the part that begins at ``first_frame``."""
        templates = self._templates(fmt)
        distance = None if self.min_distance is None else fmt.frames(self.min_distance)
        require(
            distance is None or distance > 0, f"must be at least one frame, got {self.min_distance}", "min_distance"
        )
        settings = SearchSettings(
            score=self.score,
            mode=self.channels,
            min_distance=distance,
            polarity=self.polarity,
            floor=self.threshold.score or 0.0,
            decoys=self.threshold.needs_decoys,
            median=self.threshold.needs_median,
        )
        taps, names = [template.taps for template in templates], [template.name for template in templates]
        grid = self.grid(fmt)
        try:
            if grid is not None:
                self._check_on(grid, templates)
                return PatchSearch(
                    taps, names, fmt.fs, fmt.channels, grid, settings, first_frame=first_frame, executor=executor
                )
            check_decoys(self.threshold, templates)
            settings = replace(settings, eps=float(np.finfo(fmt.dtype).eps))
            return Search(taps, names, fmt.fs, fmt.channels, settings, first_frame=first_frame, executor=executor)
        except SignalError as error:
            raise SettingError(str(error), "template") from error

    def grid(self, fmt: Format) -> Grid | None:
        """Grid of the spectrograms, where they are compared."""
        return (self.spectrogram or SpectrogramSettings()).grid(fmt) if self.domain == "spectrogram" else None

    def band(self, fs: float) -> tuple[float, float]:
        seen = self.spectrogram or SpectrogramSettings()
        return seen.low, fs / 2 if seen.high is None else seen.high

    def _check_on(self, grid: Grid, templates: Sequence[Template]) -> None:
        """Refuse templates that have no shape on the grid, or none that their reversal does not have."""
        for name, taps in ((template.name, template.taps) for template in templates):
            lasts = f"{name}: lasts {len(taps)} frames, a window of the spectrogram {grid.window}"
            require(len(taps) >= grid.window, f"{lasts}; take a longer template or a shorter window", "template")
            silent = (spectrogram(taps, grid) <= 20 * math.log10(grid.floor)).all()
            where = f"below {grid.floor:.2g} (the floor) in the whole band"
            require(not silent, f"{name}: is {where}; lower the floor or widen the band", "template")

        def asymmetry(taps: Taps) -> float:
            return min(patch_asymmetry(spectrogram(column[:, None], grid)) for column in taps.T)

        check_decoys(self.threshold, templates, asymmetry)

    def memory(self, fmt: Format, threads: int) -> int:
        return self.search(fmt).memory(threads)

    def notes(self, fmt: Format) -> list[str]:
        return [self.search(fmt).describe()]


class MatchProcessor:
    """Gives the scores out as a track: a channel for each template and channel, those of a template together."""

    def __init__(self, search: Search | PatchSearch, fmt: Format) -> None:
        self._search = search
        self.format = replace(fmt, channels=search.count * search.channels_out)
        self.latency, self.tail = search.latency, 0
        self._frames_in = self._frames_out = 0

    def process(self, block: Array) -> Array:
        before = self.latency if len(block) and not self._frames_in else 0
        self._frames_in += len(block)
        return self._track(before, self._search.process(block))

    def flush(self) -> Array:
        rest = self._track(0, self._search.flush())
        missing = self._frames_in + self.latency - self._frames_out if self._frames_in else 0
        return np.concatenate([rest, self.format.empty(missing)])

    def detection(self) -> Detection:
        return self._search.detection()

    def _track(self, before: int, pieces: Iterable[Scores]) -> Array:
        """Scores as frames, with silence before."""
        tracks = [self.format.empty(before)]
        for scores in pieces:
            rows = scores.values.reshape(self.format.channels, -1)
            tracks.append(np.ascontiguousarray(rows.T, self.format.dtype))
        out = np.concatenate(tracks) if len(tracks) > 1 else tracks[0]
        self._frames_out += len(out)
        return out
