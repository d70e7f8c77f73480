"""The page of a search with its picture beside it: what is gathered while the search runs, and the writing of both."""

from __future__ import annotations

from pathlib import Path

from ..dsp.envelope import Envelope
from ..explain.drawing import png_bytes
from ..io.sink import AtomicFile, make_folder_of
from ..job import Job, Report
from .figure import match_figure
from .page import match_page
from .picture import STRETCHES, picture_of


class SearchPage:
    """Page of one search at ``path``; `waveform` and `scores` gather the outlines of its input and its output."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.waveform, self.scores = Envelope(STRETCHES), Envelope(STRETCHES)

    def begin(self, job: Job, source: str, report: Report, *, overwrite: bool) -> list[AtomicFile]:
        """The page and the picture, whole and hidden until they are committed; raises what `AtomicFile` raises."""
        picture = picture_of(job, source, report, self.waveform, self.scores)
        png = png_bytes(match_figure(picture))
        make_folder_of(self.path)
        html = match_page(picture, source, self.path.parent, png)
        begun: list[AtomicFile] = []
        for path, data in ((self.path, html.encode()), (self.path.with_suffix(".png"), png)):
            begun.append(AtomicFile(path, overwrite=overwrite))
            begun[-1].write(data)
        return begun
