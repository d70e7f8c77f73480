"""What became of the files of a command, as the records that a report is made of."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config.paths import STREAM, Place

if TYPE_CHECKING:
    from .jobs import Item, Work
    from .work import Outcome

__all__ = ["records_of", "report_run"]


def report_run(work: Work, outcomes: Sequence[Outcome], began: datetime) -> None:
    """Write the report that the configuration or ``--report`` asks for."""
    from .. import __version__
    from ..batch.report import run_facts, run_report, write_report

    if work.report is None:
        return
    seconds = (datetime.now(UTC) - began).total_seconds()
    threads = work.job.options.thread_count
    facts = run_facts(
        work.loaded.settings, version=__version__, began=began.astimezone(), seconds=seconds, jobs=1, threads=threads
    )
    records = records_of(outcomes, work.skipped, work.items[len(outcomes) :])
    write_report(work.report, run_report(records, facts))


def records_of(outcomes: Sequence[Outcome], skipped: Sequence[Item], left: Sequence[Item]) -> list[dict[str, Any]]:
    """A record for each file, as `pipeline.batch.report.data` describes it; those not begun are interrupted."""
    records = [_record(outcome) for outcome in outcomes]
    records += [_blank(item, "skipped") for item in skipped]
    return records + [_blank(item, "interrupted", error="not begun") for item in left]


def _blank(item: Item, status: str, **known: Any) -> dict[str, Any]:
    unknown = ("duration", "fs", "channels", "frames", "peak", "clips", "first_clip", "events", "error", "envelope")
    source = str(item.source)
    record = {"item": source, "source": source, "outputs": [], "status": status, "seconds": 0.0, "attempts": 0}
    return {**record, "warnings": [], **dict.fromkeys(unknown), **known}


def _record(outcome: Outcome) -> dict[str, Any]:
    known = {"seconds": outcome.seconds, "attempts": 1}
    if outcome.report is None:
        reason = str(outcome.error).removeprefix(f"{outcome.item.source}: ")
        return _blank(outcome.item, "failed", error=reason, **known)
    report, written = outcome.report, outcome.report.written
    output = {"path": str(outcome.item.target), "bytes": written.bytes, "hash": _hash(outcome.item.target)}
    return _blank(
        outcome.item,
        "done",
        **known,
        outputs=[output],
        duration=report.duration,
        fs=report.info.fs,
        channels=report.info.channels,
        frames=report.frames_in,
        peak=written.peak,
        clips=written.clipped,
        first_clip=written.first_clip[0] if written.first_clip else None,
        warnings=list(report.warnings),
        envelope=outcome.envelope,
    )


def _hash(target: Place) -> str | None:
    """BLAKE2b of an output that is a file here."""
    if not isinstance(target, Path) or target == STREAM or not target.is_file():
        return None
    with target.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
