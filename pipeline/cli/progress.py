"""A bar on the terminal while files are done: times real time, time left, files done and failed.

Off a terminal there is none.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..batch.manifest import Data
from ..config.inputs import Place
from ..io.names import shown_path
from ..text import duration, times
from .interrupts import Interrupts
from .terminal import console, tell

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

__all__ = ["Progress"]

_NAME_WIDTH = 24
_ASKED = "finishing {}; Ctrl-C again stops at once"


class Progress:
    """Shows how far a command is with ``files`` files, ``jobs`` at a time. Silent unless ``shown`` on a terminal."""

    def __init__(self, files: int, *, shown: bool, jobs: int = 1) -> None:
        self._files, self._jobs, self._done, self._failed = files, jobs, 0, 0
        self._seconds = 0.0  # of audio in the files that are done
        self._shares: dict[str, tuple[float, float]] = {}  # of files in shards: the part that is done, and its seconds
        self._name = ""
        self._bars: Bars | None = None
        self._began = 0.0
        self._told = False
        self._interrupts: Interrupts | None = None
        if shown and sys.stderr is not None and sys.stderr.isatty():
            self._bars = _bars()

    @contextmanager
    def watching(self, interrupts: Interrupts | None = None) -> Iterator[None]:
        """Show it in here, and look for Ctrl-C where it asks before it ends."""
        self._interrupts, self._began = interrupts, time.perf_counter()
        if self._bars is not None:
            self._bars.add_task("", total=None, info="")
        try:
            yield
        finally:
            if self._bars is not None:
                self._bars.stop()

    def begin(self, source: Place) -> None:
        """A file is begun."""
        if self._bars is not None:
            self._name = shown_path(source)
            self._show(0.0, 0.0)
            self._bars.start()

    def advance(self, frames: int, total: int | None, fs: float) -> None:
        """So many frames of the one file under way have been read."""
        self.stopped()
        if self._bars is not None:
            self._show(frames / total if total else None, frames / fs)

    def joined(self, source: str, frames: int, total: int, fs: float) -> None:
        """So many frames of a file in shards are done; told from any thread."""
        self._shares[source] = frames / total, frames / fs
        if self._bars is not None:
            self._show(0.0, 0.0)

    def stopped(self) -> bool:
        """Whether Ctrl-C asked to begin no more; told when it is new. What a signal raised and got lost is raised."""
        if self._interrupts is None:
            return False
        self._interrupts.check()
        if self._interrupts.asked and not self._told:
            self._told = True
            self._say(_ASKED.format("this file" if self._jobs == 1 else "the files under way"))
        return self._interrupts.asked

    def end(self, outcome: Data, source: Place) -> None:
        """A file is done, or failed."""
        self._shares.pop(str(source), None)
        failed = outcome["status"] == "failed"
        self._done += not failed
        self._failed += failed
        self._seconds += outcome.get("duration_in_s", 0.0)
        if self._bars is not None:
            self._show(0.0, 0.0)

    def _show(self, part: float | None, heard: float) -> None:
        """``part`` of the file under way is done, None where its length is not known; ``heard`` seconds of it."""
        elapsed = max(time.perf_counter() - self._began, 1e-9)
        shares = list(self._shares.values())
        ended = self._done + self._failed + (part or 0.0) + sum(share for share, _ in shares)
        heard += sum(seconds for _, seconds in shares)
        info = f"{times((self._seconds + heard) / elapsed)} x realtime"
        if ended:
            left = elapsed * (self._files - ended) / ended
            info += f", {duration(round(left))} left" if ended < self._files else ", finishing"
        total = None if part is None and self._files == 1 else self._files
        bars = self._bars
        if bars is not None:
            bars.update(bars.task_ids[0], description=self._title(), completed=ended, total=total, info=info)

    def _title(self) -> str:
        name = self._name if len(self._name) <= _NAME_WIDTH else "…" + self._name[1 - _NAME_WIDTH :]
        if self._files == 1:
            return name
        failed = f", {self._failed} failed" if self._failed else ""
        return f"{self._done + self._failed} of {self._files}{failed}  {name}"

    def _say(self, text: str) -> None:
        if self._bars is not None:
            self._bars.console.print(text)
        else:
            tell(text)


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
