"""Reads a template as it is written on a command line: ``call.wav``, ``calls/``, ``day.wav@1.2:1.6``, ``1.2:1.6``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import UnitError, UsageError
from ..units import Duration, parse_duration

__all__ = ["template_settings"]

_HELP = "write START:END in seconds or with units, such as 1.2:1.6 or '9600 samples:0.4 s'"


def template_settings(text: str, recordings: Sequence[str]) -> dict[str, str]:
    """The settings of a template; what is the name of a file or folder is that, whatever signs are in it.

    ``START:END`` is a slice of the one recording that is searched, ``FILE@START:END`` of any file; the end is not in
    it.

    Raises
    ------
    UsageError
        a slice of one recording among several, or of standard input; no such slice: not two times, or none between
        them.
    """
    if Path(text).expanduser().exists() or ":" not in text:
        return {"file": text}
    file, at, span = text.rpartition("@")
    start, end = _times(span, text)
    if not at:
        if len(recordings) != 1:
            raise UsageError(f"--template {text}: a slice of which recording? Write FILE@{text}")
        file = recordings[0]
        if file == "-":
            raise UsageError(f"--template {text}: standard input can be read only once; write FILE@{text}")
    return {"file": file, "start": str(start), "end": str(end)}


def _times(span: str, text: str) -> tuple[Duration, Duration]:
    parts = span.split(":")
    if len(parts) != 2 or not all(part.strip() for part in parts):
        raise UsageError(f"--template {text}: there is no such file, and it is no slice; {_HELP}")
    try:
        start, end = (parse_duration(part) for part in parts)
    except UnitError as error:
        raise UsageError(f"--template {text}: {error}") from error
    if start.value < 0 or (start.unit == end.unit and end.value <= start.value):
        raise UsageError(f"--template {text}: a slice starts at 0 or later and ends after it starts; {_HELP}")
    return start, end
