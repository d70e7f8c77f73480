"""Does files one after another and keeps what became of each; the first Ctrl-C lets the running one finish.

With one file an error in the settings is that of the configuration, with line and column; with several, each file
fails by itself with its reason and the others go on. Only a full disk ends it all: the next file would not fit either.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

from ..dsp.envelope import Envelope
from ..errors import DiskFullError, FaltungError, SettingError
from ..job import Report, run_job
from .interrupts import Interrupts
from .jobs import Item, Work
from .process import keep_freed_memory
from .progress import Progress

__all__ = ["Outcome", "do_all", "exit_code"]


@dataclass(frozen=True)
class Outcome:
    """What became of one file: a report, or the reason why there is none."""

    item: Item
    report: Report | None = None
    error: str | None = None
    code: int = 0
    seconds: float = 0.0
    envelope: list[list[int]] | None = None
    """Where a report is asked for."""


def do_all(work: Work, progress: Progress) -> tuple[list[Outcome], bool]:
    """What became of each file that was begun, and whether Ctrl-C ended it before all were done."""
    keep_freed_memory()
    outcomes: list[Outcome] = []
    alone = len(work.items) == 1
    with Interrupts() as interrupts, progress:
        for item in work.items:
            progress.begin(item, interrupts)
            began, envelope = time.perf_counter(), Envelope() if work.report else None
            try:
                source, target = os.fspath(item.source), os.fspath(item.target)
                report = run_job(
                    work.job, source, target, overwrite=work.overwrite, progress=progress.advance, envelope=envelope
                )
                outline = envelope.pairs() if envelope is not None else None
                outcomes.append(Outcome(item, report, seconds=report.seconds, envelope=outline))
            except BrokenPipeError:
                raise
            except (FaltungError, OSError) as error:
                if alone and getattr(error, "exit_code", 1) == 2:
                    raise _located(error, work) from error
                seconds, code = time.perf_counter() - began, getattr(error, "exit_code", 1)
                outcomes.append(Outcome(item, error=_reason(error), code=code, seconds=seconds))
            progress.end(failed=outcomes[-1].error is not None)
            if interrupts.asked or outcomes[-1].code == DiskFullError.exit_code:
                break
    return outcomes, interrupts.asked


def _located(error: Exception, work: Work) -> Exception:
    return work.loaded.locate(error) if isinstance(error, SettingError) else error


def _reason(error: Exception) -> str:
    name = getattr(error, "filename", None)
    return str(error) if isinstance(error, FaltungError) or not name else f"{name}: {error}"


def exit_code(outcomes: Sequence[Outcome], *, interrupted: bool) -> int:
    """0 when all is well, 1 when a file failed, 3 when the run could not go on, 130 when it was interrupted."""
    if any(outcome.code == DiskFullError.exit_code for outcome in outcomes):
        return DiskFullError.exit_code
    return 130 if interrupted else int(any(outcome.error for outcome in outcomes))
