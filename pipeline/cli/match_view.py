"""What was found in recordings: a table of the events for people, the same facts for machines as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..io.names import shown_path
from ..job import Report
from ..match.events import Event, Events
from ..text import count, duration, number
from .terminal import Voice, table

__all__ = ["Found", "as_data", "show_found"]

_MOST_ROWS = 40


@dataclass(frozen=True)
class Found:
    """What came of one recording."""

    report: Report
    written: tuple[str, ...]

    @property
    def events(self) -> Events:
        """Of its one search."""
        return self.report.events[0]


def show_found(found: Found, voice: Voice, *, alone: bool) -> None:
    """The events as a table, then how the threshold was set, what was counted, what was written."""
    events = found.events
    if voice.quiet:
        return
    name = shown_path(found.report.source)
    if not alone:
        voice.note(f"{name}:")
    if events.events:
        voice.show(_table(events.events[:_MOST_ROWS]))
    if len(events.events) > _MOST_ROWS:
        voice.note(f"and {len(events.events) - _MOST_ROWS:,} more; -o FILE or --json has all")
    voice.note(f"threshold: {events.how}")
    counted = [count(len(events.events), "event"), f"of {count(events.candidates, 'candidate')}"]
    if events.decoys is not None:
        counted.append(f"with {count(events.decoys, 'decoy')}")
    chance = (
        "" if events.false_alarms_per_hour is None else f"; {number(events.false_alarms_per_hour)} an hour by chance"
    )
    voice.note(" ".join(counted) + chance)
    for status, seconds in _unscored(events).items():
        voice.note(f"without a score: {duration(seconds)}, {status}")
    for warning in found.report.warnings:
        voice.note(f"warning: {name}: {warning}")
    for planned in found.report.plan.stages:
        for note in planned.notes:
            voice.detail(f"note: {name}: {note}")
    if found.written:
        voice.note(f"written: {', '.join(shown_path(path) for path in found.written if path != '-')}")


def _table(events: Sequence[Event]) -> Any:
    decoyed = any(event.expected_false_alarms is not None for event in events)
    shown = table("start, s", "template", "channel", "score", "offset", *(["by chance"] if decoyed else []),
                  right=(0, 2, 3, 4, 5), fold=1)  # fmt: skip
    for event in events:
        chance = [_chance(event.expected_false_alarms)] if decoyed else []
        cells = (
            f"{event.start_s:.6f}",
            event.template,
            str(event.channel),
            f"{event.score:.4f}",
            f"{event.offset:+.2f}",
        )
        shown.add_row(*cells, *chance)
    return shown


def _chance(expected: float | None) -> str:
    return "" if expected is None else f"{expected:.2g}"


def _unscored(events: Events) -> dict[str, float]:
    """Seconds of windows without a score, by why: the most of any template in any channel."""
    sums: dict[tuple[str, str, int], float] = {}
    for part in events.unscored:
        key = (part.status, part.template, part.channel)
        sums[key] = sums.get(key, 0.0) + part.end_s - part.start_s
    statuses = sorted({status for status, *_ in sums})
    return {status: max(seconds for (one, *_), seconds in sums.items() if one == status) for status in statuses}


def as_data(found: Sequence[Found], failed: Mapping[str, str]) -> dict[str, Any]:
    """Everything for machines; a threshold that nothing can reach is null."""
    files = [_data(one) for one in found]
    files += [{"file": name, "status": "failed", "error": reason} for name, reason in failed.items()]
    return {"done": len(found), "failed": len(failed), "files": files}


def _data(found: Found) -> dict[str, Any]:
    search = found.events
    return {
        **asdict(search),
        "status": "done",
        "thresholds": [
            [level if math.isfinite(level) else None for level in row] for row in search.thresholds.tolist()
        ],
        "seconds": found.report.seconds,
        "warnings": list(found.report.warnings),
        "written": list(found.written),
    }
