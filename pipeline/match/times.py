"""True times of events by the clocks of their recording, and what recorded them; nothing where it tells neither."""

from __future__ import annotations

from dataclasses import replace

from ..io.base import SignalInfo
from ..io.recorders import recorder_name
from .events import Event, Events


def timed(found: Events, info: SignalInfo) -> Events:
    """The same events with their true time, by the clock of their channel, or the first."""
    clocks, recorder = info.clocks, recorder_name(info.chunks, info.tags)
    if not clocks and recorder is None:
        return found

    def at(event: Event) -> Event:
        if not clocks:
            return replace(event, recorder=recorder)
        clock = clocks[event.channel] if event.channel < len(clocks) else clocks[0]
        frame = event.start_frame * info.fs / found.fs
        utc, local = clock.utc(frame), clock.local(frame)
        return replace(event, start_utc=utc, start_local=local, resolution_s=clock.resolution, recorder=recorder)

    return replace(found, events=tuple(map(at, found.events)), time=str(clocks[0]) if clocks else "")
