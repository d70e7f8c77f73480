"""Readers and writers of plugins: their blocks and reports are looked at, what they raise names file and frame."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np

from ..errors import ReadError, WriteError
from ..plugins import naming_plugin
from .base import Block, Reader, Writer, WriteReport


class PluggedReader(Reader):
    """The reader of a plugin, whose blocks have to be what it declares."""

    def __init__(self, inner: Reader, name: str, plugin: str) -> None:
        with naming_plugin(ReadError, name, plugin):
            super().__init__(inner.info, inner._dtype)
            told: Any = (inner.info.fs, inner.info.channels, inner.info.frames)
            self.warnings = inner.warnings
        self._inner, self._name, self.plugin = inner, name, plugin
        fs, channels, frames = told
        counted = frames is None or (isinstance(frames, Integral) and int(frames) >= 0)
        if not (isinstance(fs, Real) and isinstance(channels, Integral) and counted):
            got = f"a rate of {fs!r:.30} Hz, {channels!r:.30} channels, {frames!r:.30} frames"
            raise self._broken(f"it tells a rate, whole channels, and whole frames or None, got {got}")

    def _read_piece(self, frames: int) -> Block:
        with naming_plugin(ReadError, self._name, self.plugin, self._done):
            piece = self._inner._read_piece(frames)
        wanted = f"(up to {frames}, {self.info.channels}) of {self._dtype}"
        plain = isinstance(piece, np.ndarray) and not isinstance(piece, np.ma.MaskedArray)
        got = f"{piece.shape} of {piece.dtype}" if plain else type(piece).__name__
        alike = plain and piece.ndim == 2 and piece.dtype == self._dtype
        if not (alike and len(piece) <= frames and piece.shape[1] == self.info.channels):
            raise self._broken(f"its blocks have shape {wanted}, got {got}")
        declared, end = self.info.frames, self._done + len(piece)
        if declared is not None and (end > declared or (len(piece) < frames and end < declared)):
            raise self._broken(f"it declares {declared} frames, and gives {end}")
        self._inner._done = end
        return piece

    def _broken(self, rule: str) -> ReadError:
        return ReadError(self._name, f"{self.plugin} breaks a promise: {rule}")

    def skip(self, frames: int) -> None:
        with naming_plugin(ReadError, self._name, self.plugin, self._done):
            self._inner.skip(frames)
        self._done = self._inner._done

    def close(self) -> None:
        with naming_plugin(ReadError, self._name, self.plugin, self._done):
            self._inner.close()


class PluggedWriter(Writer):
    """The writer of a plugin, whose report has to be of what was written."""

    def __init__(self, inner: Writer, plugin: str) -> None:
        super().__init__(inner.request)
        self.notes, self.outputs, self.full_scale, self.single = (
            inner.notes,
            inner.outputs,
            inner.full_scale,
            inner.single,
        )
        self._inner, self._plugin = inner, plugin

    def _write(self, block: Block) -> None:
        with naming_plugin(WriteError, self.request.path, self._plugin, self.frames):
            self._inner.write(block)

    def _finish(self) -> WriteReport:
        with naming_plugin(WriteError, self.request.path, self._plugin, self.frames):
            report = self._inner.finish()
        self.outputs = self._inner.outputs
        rule = ""
        if not self.outputs:
            rule = "what it opens (open_sink) is put into outputs, got none: nothing would be written"
        elif not isinstance(report, WriteReport) or report.frames != self.frames:
            rule = f"_finish() gives a WriteReport of {self.frames} frames, got {report!r:.80}"
        if rule:
            raise WriteError(self.request.path, f"{self._plugin} breaks a promise: {rule}")
        return report

    def _close(self) -> None:
        with naming_plugin(WriteError, self.request.path, self._plugin, self.frames):
            self._inner.abort()
