"""Read and write signals: audio and tables, streamed in blocks, checked, and written atomically."""

from __future__ import annotations

from . import audio as _audio
from . import tables as _tables
from .atomic import same_file
from .base import OutputFormat, Reader, SignalInfo, TimeColumn, Writer, WriteReport
from .formats import (
    ReaderKind,
    WriterKind,
    extensions,
    open_reader,
    open_writer,
    probe,
    read_signal,
    register_reader,
    register_writer,
)
from .remote import Remote, is_remote

__all__ = [
    "OutputFormat",
    "Reader",
    "ReaderKind",
    "Remote",
    "SignalInfo",
    "TimeColumn",
    "WriteReport",
    "Writer",
    "WriterKind",
    "extensions",
    "is_remote",
    "open_reader",
    "open_writer",
    "probe",
    "read_signal",
    "register_reader",
    "register_writer",
    "same_file",
]

_audio.register()
_tables.register()
