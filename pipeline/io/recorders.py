"""Whether a recording is one of a field recorder, whose time and quiet stretches `faltung_recorders` reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..plugins import bundled
from .clock import Clock

_CHUNKS = {b"guan", b"wamd", b"bext"}
_TAGS = {"comment", "recorder"}


def recorder_clock(
    chunks: Sequence[tuple[bytes, bytes]], tags: Sequence[tuple[str, str]], fs: float
) -> tuple[Clock | None, list[str]]:
    """The clock that the metadata of a recording at ``fs`` Hz gives, the best of those there are, and what is odd."""
    found = _clocks(chunks, tags)
    return (None, []) if found is None else found.recorder_clock(chunks, tags, fs)


def recorder_name(chunks: Sequence[tuple[bytes, bytes]], tags: Sequence[tuple[str, str]]) -> str | None:
    """Make, model and number of what recorded a file, by its metadata."""
    found = _clocks(chunks, tags)
    return None if found is None else found.recorder_name(chunks, tags)


def _clocks(chunks: Sequence[tuple[bytes, bytes]], tags: Sequence[tuple[str, str]]) -> Any:
    if any(name in _CHUNKS for name, _ in chunks) or any(name in _TAGS for name, _ in tags):
        return bundled("faltung_recorders.clocks", "the time of a recorder")
    return None


def triggered(name: str, tags: Sequence[tuple[str, str]]) -> Any:
    """What reads the coded quiet of a mono WAV of 16 bits, where its tags or its name say that there may be any."""
    if name.upper().endswith("T.WAV") or any("AudioMoth" in text for _, text in tags):
        return bundled("faltung_recorders.triggered", "a triggered recording")
    return None
