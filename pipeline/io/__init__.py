"""Read and write signals: audio and tables, streamed in blocks, checked, and written atomically."""

from __future__ import annotations

from .base import OutputFormat, Reader, SignalInfo, Writer, WriteReport
from .formats import open_reader, open_writer
from .kinds import ReaderKind, WriterKind, extensions, is_table_name, register_reader, register_writer
from .names import same_file
from .remote import Remote, is_remote
from .signals import probe, read_signal, write_signal
from .stamps import TimeColumn

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
    "is_table_name",
    "open_reader",
    "open_writer",
    "probe",
    "read_signal",
    "register_reader",
    "register_writer",
    "same_file",
    "write_signal",
]
