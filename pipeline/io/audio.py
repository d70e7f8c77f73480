"""Register the audio containers: WAV and RF64 here, the others through libsndfile.

A module of its own, so that libsndfile is loaded only when a file needs it.
"""

from __future__ import annotations

from collections.abc import Callable

from . import sniff
from .base import Reader, ReadOptions, Writer, WriteRequest
from .formats import ReaderKind, WriterKind, register_reader, register_writer
from .pcm import SAMPLE_BYTES
from .sndfile import SndfileReader
from .source import Source
from .subtype import choose_subtype, require_audio
from .wav_read import open_wav
from .wav_write import WavWriter

_EXTENSIONS = {
    "WAV": (".wav", ".wave"),
    "RF64": (".rf64",),
    "W64": (".w64",),
    "FLAC": (".flac",),
    "AIFF": (".aif", ".aiff", ".aifc"),
    "OGG": (".ogg", ".oga", ".opus"),
    "MP3": (".mp3",),
}


def _reader(container: str) -> Callable[[Source, ReadOptions], Reader]:
    def open_with_libsndfile(source: Source, options: ReadOptions) -> Reader:
        return SndfileReader(source.spooled(), options, container)

    return open_with_libsndfile


def _writer(container: str) -> Callable[[WriteRequest], Writer]:
    def open_audio(request: WriteRequest) -> Writer:
        subtype, notes = choose_subtype(container, request)
        fs = require_audio(container, subtype, request)
        writer: Writer
        if container in ("WAV", "RF64") and subtype in SAMPLE_BYTES:
            writer = WavWriter(request, container, subtype, fs)
            writer.notes[:0] = notes
        else:
            from .sndfile_write import SndfileWriter

            writer = SndfileWriter(request, container, subtype, fs)
            writer.notes[:0] = notes
        return writer

    return open_audio


def register() -> None:
    """Make the audio containers known."""
    register_reader(ReaderKind("WAV", sniff.is_riff, open_wav))
    register_reader(ReaderKind("W64", sniff.is_w64, _reader("W64")))
    register_reader(ReaderKind("FLAC", sniff.is_flac, _reader("FLAC")))
    register_reader(ReaderKind("AIFF", sniff.is_aiff, _reader("AIFF")))
    register_reader(ReaderKind("OGG", sniff.is_ogg, _reader("OGG")))
    register_reader(ReaderKind("MP3", sniff.is_mp3, _reader("MP3")))
    for container, extensions in _EXTENSIONS.items():
        register_writer(WriterKind(container, extensions, _writer(container)))
