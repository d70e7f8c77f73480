"""A bar on the terminal while files are done: times real time, time left, files done and failed.

Off a terminal there is none.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from ..config.inputs import Place
from ..io.names import shown_path
from ..runs.running import RunProgress
from ..text import duration, times
from .process import Interrupts
from .terminal import console, tell

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

_NAME_WIDTH = 24
_ASKED = "finishing {}; Ctrl-C again stops at once"


class ProgressBar:
    """Bar of a run of ``files`` files, ``jobs`` at a time; a context. Silent unless ``shown`` on a terminal."""

    def __init__(self, files: int, interrupts: Interrupts, *, shown: bool, jobs: int = 1) -> None:
        self.files = files
        self._interrupts, self._jobs, self._done, self._failed = interrupts, jobs, 0, 0
        self._seconds = 0.0  # of audio in the files that are done
        self._shares: dict[Place, tuple[float | None, float]] = {}  # of files under way: the part done, its seconds
        self._name = ""
        self._bars: Bars | None = None
        self._began = 0.0
        self._said = False
        if shown and sys.stderr is not None and sys.stderr.isatty():
            self._bars = _bars()

    def __enter__(self) -> ProgressBar:
        self._began = time.perf_counter()
        if self._bars is not None:
            self._bars.add_task("", total=None, info="")
        return self

    def __exit__(self, *error: object) -> None:
        if self._bars is not None:
            self._bars.stop()

    def advance(self, progress: RunProgress) -> None:
        """A file is begun, has been read so far, or has ended; what a signal raised and got lost is raised."""
        if progress.kind == "read":
            self._interrupts.check()
            part = progress.frames / progress.total if progress.total else None
            self._shares[progress.source] = part, progress.frames / progress.fs
        elif progress.outcome is not None:
            self._shares.pop(progress.source, None)
            failed = progress.outcome["status"] == "failed"
            self._done += not failed
            self._failed += failed
            self._seconds += progress.outcome.get("duration_in_s", 0.0)
        if self._bars is not None:
            if progress.kind == "begun":
                self._name = shown_path(progress.source)
            self._show(self._bars)
            if progress.kind == "begun":
                self._bars.start()

    def stopped(self) -> bool:
        """Whether Ctrl-C asked to begin no more; told when it is new. What a signal raised and got lost is raised.

        Asked before the first file is begun, and from there on Ctrl-C asks.
        """
        self._interrupts.listen()
        self._interrupts.check()
        if self._interrupts.asked and not self._said:
            self._said = True
            text = _ASKED.format("this file" if self._jobs == 1 else "the files under way")
            tell(text) if self._bars is None else self._bars.console.print(text)
        return self._interrupts.asked

    def _show(self, bars: Bars) -> None:
        elapsed = max(time.perf_counter() - self._began, 1e-9)
        shares = list(self._shares.values())
        ended = self._done + self._failed + sum(part or 0.0 for part, _ in shares)
        heard = self._seconds + sum(seconds for _, seconds in shares)
        info = f"{times(heard / elapsed)} x realtime"
        if ended:
            left = elapsed * (self.files - ended) / ended
            info += f", {duration(round(left))} left" if ended < self.files else ", finishing"
        unknown = self.files == 1 and any(part is None for part, _ in shares)
        total = None if unknown else self.files
        bars.update(bars.task_ids[0], description=self._title(), completed=ended, total=total, info=info)

    def _title(self) -> str:
        name = self._name if len(self._name) <= _NAME_WIDTH else "…" + self._name[1 - _NAME_WIDTH :]
        if self.files == 1:
            return name
        failed = f", {self._failed} failed" if self._failed else ""
        return f"{self._done + self._failed} of {self.files}{failed}  {name}"


def _bars() -> Bars:
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bars

    return Bars(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=16, complete_style="cyan", finished_style="cyan", pulse_style="cyan"),
        TextColumn("{task.fields[info]}", markup=False),
        console=console(stderr=True),
        transient=True,
    )
