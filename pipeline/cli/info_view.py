"""Facts about files as `faltung info` shows them: what each is, by whose reader, its times, and what is odd."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import ReadError
from ..io import Reader, open_reader
from ..io.names import is_stream
from ..io.source import open_source, temporary_errors
from ..plugins import in_words
from ..text import count, duration, number
from ..text import size as bytes_in_words
from .terminal import Card, readable, render

_MOST = 12  # gaps that are listed


def about(path: str) -> dict[str, Any]:
    """Facts about a file for machines, from its header and index alone; ``error`` where it cannot be read.

    What comes through a pipe is put aside to its end first: what stands behind its header is told as of a file.
    """
    if is_stream(path):
        with tempfile.TemporaryDirectory(prefix="faltung-") as folder:
            return _put_aside(path, Path(folder) / "standard input")
    data: dict[str, Any] = {"file": path, "bytes": None}
    with contextlib.suppress(OSError):  # the reader tells its cause
        data["bytes"] = Path(path).stat().st_size if Path(path).is_file() else None
    try:
        data["signals"] = list(_signals(path))
    except Exception as error:  # whatever it is, the other files are shown
        data["error"] = in_words(error).removeprefix(f"{path}: ")
    return data


def _put_aside(path: str, copy: Path) -> dict[str, Any]:
    try:
        source = open_source(path)
        with contextlib.closing(source), temporary_errors(), copy.open("wb") as file:
            file.writelines(iter(lambda: source.read(1 << 20), b""))
    except ReadError as error:
        return {"file": path, "bytes": None, "error": error.message}
    return {**about(str(copy)), "file": path}


def _signals(path: str) -> Iterator[dict[str, Any]]:
    try:
        with open_reader(path, truncated="accept", gaps="nan") as reader:
            yield _signal(reader)
    except ReadError as several:
        if not several.signals:
            raise
        for name in several.signals:
            try:
                with open_reader(path, truncated="accept", gaps="nan", source=[name]) as reader:
                    yield {"source": name, **_signal(reader)}
            except ReadError as error:
                yield {"source": name, "error": str(error).removeprefix(f"{path}: ")}


def _signal(reader: Reader) -> dict[str, Any]:
    info = reader.info
    return {
        "container": info.container,
        "reader": getattr(reader, "plugin", None) or "faltung",
        "encoding": info.subtype,
        "fs": info.fs,
        "channels": info.channels,
        "names": list(info.names),
        "frames": info.frames,
        "seconds": None if info.frames is None else info.frames / info.fs,
        "clocks": [clock.facts(info.frames) for clock in info.clocks],
        "tags": {name: "; ".join(text for other, text in info.tags if other == name) for name, _ in info.tags},
        "chunks": {name.decode("latin-1").strip(): len(raw) for name, raw in info.chunks},
        "not_understood": list(info.dropped),
        "odd": list(reader.warnings),
    }


def show(data: dict[str, Any]) -> None:
    """The same for people, a card for each signal."""
    render(readable(data["file"]), wrap=False)
    size = {} if data["bytes"] is None else {"size": bytes_in_words(data["bytes"])}
    if "error" in data:
        render(Card({**size, "cannot be read": data["error"]}))
    for signal in data.get("signals", ()):
        render(Card({**size, **_rows(signal)}))
    render("")


def _rows(signal: dict[str, Any]) -> dict[str, str]:
    source = {"source": signal["source"]} if "source" in signal else {}
    if "error" in signal:
        return {**source, "cannot be read": signal["error"]}
    length = "not known before its end"
    if signal["frames"] is not None:
        length = f"{count(signal['frames'], 'frame')}, {duration(signal['seconds'])}"
    names = f": {', '.join(signal['names'])}" if signal["names"] else ""
    rows = {
        **source,
        "what": f"{signal['container']}, {signal['encoding'] or 'numbers as they are'}, read by {signal['reader']}",
        "rate": f"{signal['fs']:.12g} Hz",
        "channels": f"{signal['channels']}{names}",
        "length": length,
    }
    for clock in signal["clocks"][:1]:
        told = f"(by {clock['source']}, to {number(clock['resolution_s'])} s)"
        rows["start"] = f"{clock['start_utc'] or clock['start_local'] + ', in no zone that is told'} {told}"
        if abs(clock["drift_s"]) > 0.5 / clock["fs"]:
            rows["drift"] = f"{clock['drift_s']:+.6g} s to the end"
        shown = [f"{gap['seconds']:+.6g} s before frame {gap['frame']}" for gap in clock["gaps"][:_MOST]]
        more = [f"and {len(clock['gaps']) - _MOST} more"] if len(clock["gaps"]) > _MOST else []
        rows |= {"gaps": ", ".join(shown + more)} if shown else {}
    rows |= dict(signal["tags"])
    if signal["chunks"] or signal["not_understood"]:
        rows["chunks"] = ", ".join(
            [*signal["chunks"], *(f"{one} (not understood)" for one in signal["not_understood"])]
        )
    return rows | {f"odd {i}" if i > 1 else "odd": one for i, one in enumerate(signal["odd"], 1)}
