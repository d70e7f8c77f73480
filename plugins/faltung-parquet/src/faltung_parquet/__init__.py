"""Read and write Parquet (the extra ``[tables]``): columns of numbers are channels, rows are frames, read in batches.

A column of times, which need not be named where it is the only one, is held to an even grid as that of a CSV is. An
index that pandas saved is no channel. An output has groups of as many rows, however it comes, and its rate inside; that
of a Parquet has the times in its type and zone, the index of pandas where it is the time, and what else it says.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from io import RawIOBase
from itertools import islice
from typing import Any

import numpy as np

from pipeline.errors import ReadError, UsageError, WriteError
from pipeline.io import Reader, ReaderKind, SignalInfo, Writer, WriteReport, WriterKind
from pipeline.io.base import Block, ReadOptions, WriteRequest
from pipeline.io.gaps import Filling
from pipeline.io.names import is_stream
from pipeline.io.sink import Sink, open_sink
from pipeline.io.source import Source
from pipeline.io.stamps import TimeColumn
from pipeline.io.tables import find_column, output_names, read_sidecar
from pipeline.io.timecolumn import TimeGrid, stamps_of, survey
from pipeline.io.timegrid import TimeRequest
from pipeline.limits import MAX_CHANNELS, set_by

_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_BATCH = 1 << 15
_GROUP = 1 << 17
"""Rows of each group that is written but the last."""


def _arrow(name: str) -> Any:
    try:
        import pyarrow.compute
        import pyarrow.parquet
    except ImportError:
        raise UsageError(f"{name}: Parquet needs pyarrow; pip install 'faltung[tables]'") from None
    return pyarrow


@dataclass(frozen=True)
class ParquetInfo(SignalInfo):
    """Facts about a Parquet, its schema among them, for an output that is one too."""

    schema: Any = field(default=None, repr=False, compare=False)


class ParquetReader(Reader):
    """The rows of a Parquet file."""

    def __init__(self, source: Source, options: ReadOptions) -> None:
        self._pa, self._name, self._options = _arrow(source.name), source.name, options
        self._source = source.spooled()
        os.lseek(self._source.fd, 0, os.SEEK_SET)
        self._stream = os.fdopen(self._source.fd, "rb", closefd=False)
        with self._naming():
            self._file = self._pa.parquet.ParquetFile(self._stream, pre_buffer=False, page_checksum_verification=True)
            self._schema, self._rows = self._file.schema_arrow, self._file.metadata.num_rows
        names, about = self._schema.names, self._schema.metadata or {}
        twice = next((one for i, one in enumerate(names) if one in names[:i]), None)
        if twice is not None:
            raise ReadError(self._name, f"has two columns {twice!r}, which cannot be told apart; rename one")
        index = [one for one in _json(about.get(b"pandas")).get("index_columns", []) if one in names]
        types = self._pa.types
        dated = [one.name for one in self._schema if types.is_temporal(one.type) and not types.is_time(one.type)]
        sure, named = dated[0] if len(dated) == 1 else None, options.time_column
        if not isinstance(named, str | int | None):
            raise ReadError(self._name, f"time_column: is one column of a Parquet, got {list(named)}")
        time = self._time = sure if named is None else self._column(named)
        others = [one for one in names if one != time and one not in index]
        self._chosen = others if options.columns is None else [self._column(one) for one in options.columns]
        if not 1 <= len(self._chosen) <= MAX_CHANNELS:
            many = f"{len(self._chosen)} columns chosen as channels"
            raise ReadError(self._name, f"{many}; 1 to {MAX_CHANNELS} can be ({set_by('channels')})")
        for one in self._chosen:
            self._require_numbers(one, self._schema.field(one).type)
        told = _json(about.get(b"faltung")).get("fs")
        grid, notes = (None, []) if time is None else self._survey(time, options.fs)
        beside = None if self._source.piped or grid else read_sidecar(self._name)[0]
        rates = (grid and grid.fs, options.fs, told, beside, options.untold_fs)
        fs = next((rate for rate in rates if rate is not None), None)
        if not isinstance(fs, int | float) or not 0 < fs < float("inf"):
            fix = f"give fs:, or name its time column (columns: {', '.join(names)})"
            raise ReadError(self._name, f"tells no sampling rate: {fix}")
        frames, column = (grid.frames, grid.column) if grid else (self._rows, None)
        chosen = tuple(self._chosen)
        info = ParquetInfo(fs, len(chosen), frames, "PARQUET", None, chosen, column, schema=self._schema)
        super().__init__(info, options.dtype)
        self.warnings = notes
        self._filling = Filling(self._name, len(chosen), options, fs, grid.gaps if grid else ())
        self._blocks, self._held = self._filled(), np.zeros((0, len(chosen)))

    def _column(self, wanted: str | int) -> str:
        names: tuple[str, ...] = tuple(self._schema.names)
        return names[find_column(self._name, names, len(names), wanted)]

    def _require_numbers(self, name: str, kind: Any) -> None:
        types, fix = self._pa.types, "choose others with columns:"
        if types.is_list(kind) or types.is_large_list(kind):
            fix = "one series a row is no table; give each a column, or a file of its own"
        elif types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
            return
        elif types.is_temporal(kind) and self._time is None:
            fix = f"set time_column: {name}"
        raise ReadError(self._name, f"column {name!r} holds {kind}, no numbers; {fix}")

    @contextmanager
    def _naming(self) -> Iterator[None]:
        try:
            yield
        except (self._pa.ArrowException, OSError) as error:
            what = "a CRC checksum is wrong" if "CRC" in str(error) else "its bytes are damaged or cut short"
            if isinstance(error, OSError) and error.errno:
                what = error.strerror or what
            raise ReadError(self._name, f"is no readable Parquet: {what}; copy it again") from error

    def _batches(self, columns: list[str]) -> Iterator[tuple[int, Any]]:
        """Number of the first row, and the rows, of each batch."""
        row = 0
        with self._naming():
            for batch in self._file.iter_batches(_BATCH, columns=columns):
                yield row, batch.select(columns)
                row += batch.num_rows

    def _survey(self, name: str, fs: float | None) -> tuple[TimeGrid, list[str]]:
        pa, options, kind = self._pa, self._options, self._schema.field(name).type
        if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
            kind = pa.timestamp(getattr(kind, "unit", "s"), getattr(kind, "tz", None) and "UTC")
        elapsed, whole = (
            pa.types.is_duration(kind),
            "." + "0" * len(str(_PER_SECOND.get(getattr(kind, "unit", "s"), 1))[1:]),
        )

        def cells() -> Iterator[tuple[Sequence[int], Sequence[str]]]:
            for row, batch in self._batches([name]):
                column = batch.column(0).cast(pa.int64() if elapsed else kind)
                texts = (text or "" for text in column.cast(pa.string()).to_pylist())
                shown = [text.replace(whole, "") for text in texts] if whole != "." else list(texts)
                yield range(row + 1, row + 1 + len(shown)), shown

        at, most = self._schema.names.index(name), options.max_gap
        unit = kind.unit if elapsed else options.time_unit
        return survey(TimeRequest(self._name, name, at, fs, options.gaps, unit, max_gap=most), cells)

    def _values(self) -> Iterator[tuple[int, Block]]:
        for row, batch in self._batches(self._chosen):
            for name, column in zip(self._chosen, batch.columns, strict=True):
                if column.null_count and self._options.gaps in ("error", "split"):
                    raise self._missing(name, row + column.is_null().index(True).as_py())
            columns = [one.cast(self._pa.float64(), safe=False) for one in batch.columns]
            yield row, np.stack([one.to_numpy(zero_copy_only=False) for one in columns], axis=1)

    def _missing(self, name: str, row: int) -> ReadError:
        behind = [batch.column(0).slice(max(0, row - start)) for start, batch in self._batches([name])]
        what, fix = f"row {row + 1} of column {name!r} is empty: a missing value", "set gaps: interpolate or nan"
        if row and all(part.null_count == len(part) for part in behind):
            what = f"column {name!r} ends with row {row} of {self._rows}"
            fix = "series of different length are no one table; choose some with columns:, or set gaps: nan"
        return ReadError(self._name, f"{what}; {fix}")

    def _filled(self) -> Iterator[Block]:
        if self._filling.is_idle:
            yield from (block for _, block in self._values())
            return
        rows = ((row + i, values) for row, block in self._values() for i, values in enumerate(block.tolist(), 1))
        frames = self._filling.frames(rows)
        while block := list(islice(frames, _BATCH)):
            yield np.array(block)
        self.warnings += self._filling.notes()

    def _read_piece(self, frames: int) -> Block:
        while len(self._held) < frames and (block := next(self._blocks, None)) is not None:
            self._held = np.concatenate([self._held, block])
        piece, self._held = self._held[:frames], self._held[frames:]
        return piece.astype(self._dtype)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
        self._stream.close()
        self._source.close()


def _json(text: bytes | None) -> dict[str, Any]:
    try:
        found = json.loads(text or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _said(schema: Any, name: str) -> dict[bytes, bytes] | None:
    """What the input says of a column: its unit, perhaps."""
    if schema is None or name not in schema.names:
        return None
    return {key: text for key, text in (schema.field(name).metadata or {}).items() if not key.startswith(b"PARQUET:")}


def _about(schema: Any, names: list[str]) -> dict[bytes, bytes]:
    """What the input says of itself, for an output of these columns; of pandas its index, where that is in it."""
    about = dict((schema.metadata if schema is not None else None) or {})
    for key in (b"faltung", b"ARROW:schema"):
        about.pop(key, None)
    pandas = _json(about.pop(b"pandas", None))
    index = pandas.get("index_columns", [])
    if (
        index
        and all(one in names for one in index if isinstance(one, str))
        and any(isinstance(one, str) for one in index)
    ):
        kept = [one for one in pandas.get("columns", []) if one.get("field_name") in names]
        numbers = [one for one in kept if one["field_name"] not in index]
        for one in numbers:
            one.update(pandas_type="float64", numpy_type="float64")
        about[b"pandas"] = json.dumps({**pandas, "columns": kept}).encode()
    return about


class _Output(RawIOBase):
    """A sink as pyarrow wants one; once there is none, what comes is forgotten."""

    def __init__(self, sink: Sink) -> None:
        self.sink: Sink | None = sink
        self._at = 0

    def write(self, data: Any) -> int:
        self._at += len(data) if self.sink is None else self.sink.write(memoryview(data))
        return len(data)

    def tell(self) -> int:
        return self._at

    def writable(self) -> bool:
        return True


class ParquetWriter(Writer):
    """Write one table."""

    def __init__(self, request: WriteRequest) -> None:
        super().__init__(request)
        pa = self._pa = _arrow(request.path)
        subtype, source = request.fmt.subtype or "DOUBLE", request.source
        if subtype not in ("FLOAT", "DOUBLE"):
            raise UsageError(f"{request.path}: PARQUET holds FLOAT and DOUBLE, got {subtype}")
        if is_stream(request.path):
            raise UsageError(f"{request.path}: PARQUET needs a file; a pipe takes WAV or CSV")
        self.single = subtype == "FLOAT"
        given = getattr(source, "schema", None)
        kind = pa.float32() if self.single else pa.float64()
        columns = [pa.field(name, kind, metadata=_said(given, name)) for name in output_names(request)]
        self._time = time = source.time if source else None
        if time is not None:
            self._stamps = stamps_of(time, None if source and source.fs == request.fs else request.fs)
            of_input = given.field(time.name) if given is not None else None
            stamped = pa.field(time.name, self._type_of_times(time, of_input), metadata=_said(given, time.name))
            columns.insert(time.position, stamped)
        about = {b"faltung": json.dumps({"fs": request.fs}).encode(), **_about(given, [one.name for one in columns])}
        self._schema = pa.schema(columns, metadata=about)
        self._held: list[Block] = []
        self._sink = open_sink(request.path, overwrite=request.overwrite)
        self.outputs = [self._sink]
        self._output = _Output(self._sink)
        self._parquet = pa.parquet.ParquetWriter(self._output, self._schema, write_page_checksum=True)

    def _type_of_times(self, time: TimeColumn, given: Any) -> Any:
        """That of the input, or the next that holds every time of the output."""
        pa, types = self._pa, self._pa.types
        if time.form:
            return pa.string()  # clocks, and dates as people write them, are texts in a CSV
        resampled = self.request.source is not None and self.request.source.fs != self.request.fs
        step = Decimal(1 / self.request.fs) if resampled else time.step
        known = given is not None and (types.is_timestamp(given.type) or types.is_duration(given.type))
        unit = given.type.unit if known else "ns"
        if any(value * _PER_SECOND[unit] % 1 for value in (time.start, step)):
            unit = "ns"
        if not time.iso:
            return pa.duration(unit) if known and types.is_duration(given.type) else pa.float64()
        zone = getattr(given.type, "tz", None) if known else None
        return pa.timestamp(unit, zone or ("UTC" if time.zone else None))

    def _column_of_times(self, time: TimeColumn, rows: int) -> Any:
        """Stamps of so many rows, as their type wants them."""
        pa = self._pa
        stamps: list[Any] = list(islice(self._stamps, rows))
        kind = self._schema.field(time.name).type
        if pa.types.is_floating(kind):
            return pa.array([float(one.replace(",", ".")) for one in stamps], kind)
        if pa.types.is_duration(kind):
            units = time.unit * _PER_SECOND[kind.unit]
            return pa.array([round(Decimal(one) * units) for one in stamps], pa.int64()).cast(kind)
        texts = pa.array(stamps, pa.string())
        for zeros in (r"(\.\d*[1-9])0+(Z|[+-][\d:]+)?$", r"()\.0+(Z|[+-][\d:]+)?$"):  # more decimals than the type has
            texts = pa.compute.replace_substring_regex(texts, zeros, r"\1\2") if pa.types.is_timestamp(kind) else texts
        return texts

    def _write(self, block: Block) -> None:
        self._held.append(np.array(block))
        if sum(map(len, self._held)) >= _GROUP:
            rows = np.concatenate(self._held)
            self._send(rows[:_GROUP])
            self._held = [rows[_GROUP:]]

    def _send(self, rows: Block) -> None:
        columns: list[Any] = [self._pa.array(one) for one in rows.T]
        try:
            if self._time is not None:
                columns.insert(self._time.position, self._column_of_times(self._time, len(rows)))
            arrays = [one.cast(kind) for one, kind in zip(columns, self._schema.types, strict=True)]
        except self._pa.ArrowException as error:  # such as a year that 64 bits of nanoseconds do not reach
            raise WriteError(
                self.request.path, "PARQUET cannot hold it: a time beyond its column's type; write CSV"
            ) from error
        self._parquet.write_table(self._pa.Table.from_arrays(arrays, schema=self._schema), row_group_size=_GROUP)

    def _finish(self) -> WriteReport:
        if self._held:
            self._send(np.concatenate(self._held))
        self._parquet.close()
        return self._report("PARQUET", None, self._sink.size())

    def _close(self) -> None:
        self._output.sink = None
        self._parquet.close()


READER = ReaderKind("PARQUET", lambda head: head.startswith(b"PAR1"), ParquetReader)
WRITER = WriterKind("PARQUET", (".parquet",), ParquetWriter, is_table=True)
