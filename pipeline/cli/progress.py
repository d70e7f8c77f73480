"""A bar on the terminal while files are done: times real time, time left, files done and failed.

Off a terminal there is none.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from .interrupts import Interrupts
from .terminal import console, tell
from .text import duration, shown_path, times

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

    from .jobs import Item

__all__ = ["Progress"]

_NAME_WIDTH = 24
_ASKED = "finishing this file; Ctrl-C again stops at once"


class Progress:
    """Shows how far a command is with ``files`` files; a context manager. Silent unless ``shown`` on a terminal."""

    def __init__(self, files: int, *, shown: bool) -> None:
        self._files, self._done, self._failed = files, 0, 0
        self._bars: Bars | None = None
        self._began = 0.0
        self._told = False
        self._interrupts: Interrupts | None = None
        if shown and sys.stderr is not None and sys.stderr.isatty():
            self._bars = _bars()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: object) -> None:
        if self._bars is not None:
            self._bars.stop()

    def begin(self, item: Item, interrupts: Interrupts) -> None:
        """A file is begun."""
        self._interrupts, self._began = interrupts, time.perf_counter()
        if self._bars is not None:
            for task in self._bars.task_ids:
                self._bars.remove_task(task)
            self._bars.add_task(self._title(item), total=None, info="")
            self._bars.start()

    def advance(self, frames: int, total: int | None, fs: float) -> None:
        """So many frames of the file have been read."""
        if self._interrupts is not None:
            self._interrupts.check()
            if self._interrupts.asked and not self._told:
                self._told = True
                self._say(_ASKED)
        if self._bars is not None:
            seconds = max(time.perf_counter() - self._began, 1e-9)
            info = f"{times(frames / fs / seconds)} x realtime"
            if total:
                left = seconds * (total - frames) / max(frames, 1)
                info += f", {duration(round(left))} left" if frames < total else ", finishing"
            self._bars.update(self._bars.task_ids[0], completed=frames, total=total, info=info)

    def end(self, *, failed: bool) -> None:
        """The file is done."""
        self._done += not failed
        self._failed += failed

    def _title(self, item: Item) -> str:
        name = shown_path(item.source)
        name = name if len(name) <= _NAME_WIDTH else "…" + name[1 - _NAME_WIDTH :]
        if self._files == 1:
            return name
        failed = f", {self._failed} failed" if self._failed else ""
        return f"{self._done + self._failed + 1} of {self._files}{failed}  {name}"

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
