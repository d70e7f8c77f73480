"""Write CSV: a header, the time column in the form it came in, and every number so that it reads back exactly.

Numbers are the shortest text that gives the same double. Without a time column the rate goes to a JSON sidecar.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from ..errors import UsageError
from .atomic import AtomicFile
from .base import Block, Writer, WriteReport, WriteRequest
from .sidecar import open_sidecar
from .sink import is_stream, open_sink
from .timecolumn import format_stamp


def output_names(request: WriteRequest) -> tuple[str, ...]:
    """Channel names for a table: those of the source where they still fit, else ch0, ch1, ..."""
    names = request.source.names if request.source else ()
    return names if len(names) == request.channels else tuple(f"ch{i}" for i in range(request.channels))


def sidecars_of(request: WriteRequest) -> list[AtomicFile]:
    """The sidecar that an output needs to be read again; none of a stream, which has no place to put one."""
    if is_stream(request.path):
        return []
    content: dict[str, Any] = {"fs": request.fs, "names": list(output_names(request))}
    time = request.source.time if request.source else None
    if time is not None:
        content["t0"] = format_stamp(time, 0)
    return [open_sidecar(request.path, content, overwrite=request.overwrite)]


class CsvWriter(Writer):
    """Write one table."""

    def __init__(self, request: WriteRequest) -> None:
        super().__init__(request)
        if request.fmt.subtype is not None:
            raise UsageError(f"{request.path}: a CSV has no subtype, got {request.fmt.subtype}")
        source = request.source
        self._time = source.time if source else None
        self._own_fs = None if source and source.fs == request.fs else request.fs
        self._text = io.StringIO()
        self._csv = csv.writer(self._text, delimiter=source.delimiter if source else ",", lineterminator="\n")
        self._sink = open_sink(request.path, overwrite=request.overwrite)
        self.outputs = [self._sink]
        try:
            if self._time is None:
                self.outputs = [*sidecars_of(request), self._sink]
            if not (source and source.is_table and not source.names):
                names: list[str] = list(output_names(request))
                if self._time is not None:
                    names.insert(self._time.position, self._time.name)
                self._send([names])
        except BaseException:
            self.abort()
            raise

    def _send(self, rows: Iterable[list[Any]]) -> None:
        self._csv.writerows(rows)
        self._sink.write(self._text.getvalue().encode("utf-8", "surrogateescape"))
        self._text.seek(0)
        self._text.truncate()

    def _write(self, block: Block) -> None:
        rows: list[list[Any]] = block.tolist()
        if self._time is not None:
            for n, row in enumerate(rows, self.frames):
                row.insert(self._time.position, format_stamp(self._time, n, self._own_fs))
        self._send(rows)

    def _finish(self) -> WriteReport:
        return self._report("CSV", None, self._sink.size())
