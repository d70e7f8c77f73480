"""Events on tiers: a tier a template, and another where two of its events overlap, which no tier can hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.match.events import Event, Events
from pipeline.text import without_controls


def tiers_of(searches: Sequence[Events]) -> Iterator[tuple[str, list[Event]]]:
    """Name and events of each tier, by time; one tier without events where there is none."""
    lanes: dict[str, list[list[Event]]] = {}
    for event in sorted((event for search in searches for event in search), key=lambda event: event.start_frame):
        mine = lanes.setdefault(event.template, [])
        free = next((lane for lane in mine if lane[-1].end_s <= event.start_s), None)
        if free is None:
            mine.append([event])
        else:
            free.append(event)
    for name, mine in lanes.items():
        for place, lane in enumerate(mine, 1):
            yield without_controls(name if place == 1 else f"{name} ({place})"), lane
    if not lanes:
        yield "events", []


def named(event: Event) -> str:
    """What an event is called where there is one place for it: its template and its score."""
    return without_controls(f"{event.template} {event.score:.4g}")
