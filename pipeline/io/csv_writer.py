"""Write a signal as a CSV: a header, a row a frame, and the time column in the form it came in.

Every number is the shortest text that gives the same double, NaN and Inf as they are spelled in most places. Without a
time column the rate goes to a JSON sidecar.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import numpy as np

from ..errors import UsageError
from ..text import cell
from .base import Block, Writer, WriteReport, WriteRequest
from .sink import open_sink
from .tables import CELLS_AT_ONCE, output_names, refuse_other_rate, sidecars_of
from .timecolumn import columns_of, stamps_of

_SPELLED = {"nan": "NaN", "inf": "Inf", "-inf": "-Inf"}  # as R, Octave and Julia write them; NumPy and pandas read them


class CsvWriter(Writer):
    """Write one table."""

    def __init__(self, request: WriteRequest) -> None:
        super().__init__(request)
        if request.fmt.subtype is not None:
            raise UsageError(f"{request.path}: a CSV has no subtype, got {request.fmt.subtype}")
        source = request.source
        self._time = source.time if source else None
        self._own_fs = None if source and source.fs == request.fs else request.fs
        self._stamps = iter(()) if self._time is None else stamps_of(self._time, self._own_fs)
        self._text = io.StringIO()
        self._csv = csv.writer(self._text, delimiter=source.delimiter if source else ",", lineterminator="\n")
        if self._time is not None:
            refuse_other_rate(request.path, request.fs)
        self._sink = open_sink(request.path, overwrite=request.overwrite)
        self.outputs = [self._sink]
        try:
            if self._time is None:
                self.outputs = [*sidecars_of(request), self._sink]
            if not (source and source.is_table and not source.names):
                names: list[str] = list(output_names(request))
                if self._time is not None:
                    for name, at, _ in columns_of(self._time, ()):
                        names.insert(at, name)
                self._send([list(map(cell, names))])
        except BaseException:
            self.abort()
            raise

    def _send(self, rows: Iterable[Sequence[Any]]) -> None:
        self._csv.writerows(rows)
        self._sink.write(self._text.getvalue().encode("utf-8", "surrogateescape"))
        self._text.seek(0)
        self._text.truncate()

    def _write(self, block: Block) -> None:
        rows = max(1, CELLS_AT_ONCE // block.shape[1])
        for start in range(0, len(block), rows):
            self._write_rows(block[start : start + rows])

    def _write_rows(self, block: Block) -> None:
        columns: list[list[Any]] = block.T.tolist()
        if not np.isfinite(block).all():
            columns = [[_SPELLED.get(str(x), x) for x in column] for column in columns]
        if self._time is not None:
            for _, at, stamps in columns_of(self._time, list(islice(self._stamps, len(block)))):
                columns.insert(at, list(stamps))
        self._send(zip(*columns, strict=True))

    def _finish(self) -> WriteReport:
        return self._report("CSV", None, self._sink.size())
