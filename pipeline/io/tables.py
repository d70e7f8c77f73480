"""Register the tables: CSV, NPY and NPZ. A table's rate is told by someone, never guessed."""

from __future__ import annotations

from . import sniff
from .base import Reader, ReadOptions, Writer, WriteRequest
from .formats import ReaderKind, WriterKind, register_reader, register_writer
from .source import Source


def _open_csv(source: Source, options: ReadOptions) -> Reader:
    from .csv_read import CsvReader

    return CsvReader(source, options)


def _open_npy(source: Source, options: ReadOptions) -> Reader:
    from .arrays import ArrayReader

    return ArrayReader(source.spooled(), options, "NPY")


def _open_npz(source: Source, options: ReadOptions) -> Reader:
    from .arrays import ArrayReader

    return ArrayReader(source.spooled(), options, "NPZ")


def _write_csv(request: WriteRequest) -> Writer:
    from .csv_write import CsvWriter

    return CsvWriter(request)


def _write_npy(request: WriteRequest) -> Writer:
    from .arrays_write import NpyWriter

    return NpyWriter(request)


def _write_npz(request: WriteRequest) -> Writer:
    from .arrays_write import NpzWriter

    return NpzWriter(request)


def register() -> None:
    """Make the tables known."""
    register_reader(ReaderKind("NPY", sniff.is_npy, _open_npy))
    register_reader(ReaderKind("NPZ", sniff.is_npz, _open_npz))
    # Text has no signature: CSV is what is left when nothing else matches and the first bytes are text.
    register_reader(ReaderKind("CSV", lambda _: False, _open_csv))
    register_writer(WriterKind("CSV", (".csv", ".tsv", ".txt"), _write_csv))
    register_writer(WriterKind("NPY", (".npy",), _write_npy))
    register_writer(WriterKind("NPZ", (".npz",), _write_npz))
