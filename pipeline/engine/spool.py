"""A whole signal kept aside, for stages that read it backwards or twice: in memory while small, else on disk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from types import TracebackType

import numpy as np

from ..errors import DiskFullError, WriteError
from ..kernel import Array
from ..stages.base import Format
from ..system import is_disk_full
from .memory import SPOOLED
from .plan import BLOCK


class Spool:
    """A `Recording` that is written once, then read in any order; a context manager.

    Raises
    ------
    DiskFullError
        there is no room for it in the folder for temporary files.
    """

    def __init__(self, fmt: Format) -> None:
        self.format = fmt
        self.frames = self.latency = self.tail = 0
        self.heard = slice(0, 0)
        self._frame_bytes = fmt.channels * fmt.dtype.itemsize
        self._file = tempfile.SpooledTemporaryFile(max_size=SPOOLED, prefix="faltung-")  # noqa: SIM115

    def write(self, block: Array) -> None:
        """Put a block behind what is there."""
        try:
            self._file.write(np.ascontiguousarray(block, self.format.dtype).tobytes())
        except OSError as error:
            kind = DiskFullError if is_disk_full(error) else WriteError
            raise kind(tempfile.gettempdir(), f"{error.strerror} (set TMPDIR to a folder with room)") from error
        self.frames += len(block)

    def read(self, start: int, frames: int) -> Array:
        """Frames ``start`` to ``start + frames``, as far as there are any."""
        self._file.seek(start * self._frame_bytes)
        data = self._file.read(frames * self._frame_bytes)
        return np.frombuffer(data, self.format.dtype).reshape(-1, self.format.channels)

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()


def scaled_down(blocks: Iterable[Array], spool: Spool, full_scale: float, notes: list[str]) -> Iterator[Array]:
    """A signal turned down as a whole until its largest sample has a code; unchanged if it has one already.

    That it was is added to ``notes``.
    """
    peak = 0.0
    for block in blocks:
        peak = max(peak, float(np.abs(block).max()))
        spool.write(block)
    factor = spool.format.dtype.type(full_scale / peak if peak > full_scale else 1.0)
    if factor < 1:
        notes.append(f"turned down by {-20 * np.log10(factor):.2f} dB so that nothing clips (clip: scale)")
    for start in range(0, spool.frames, BLOCK):
        block = spool.read(start, BLOCK)
        yield block * factor if factor < 1 else block


def pieces(block: Array) -> Iterator[Array]:
    """A block as it is; one that is very long, as the silence of a delay, in pieces."""
    if len(block) <= 8 * BLOCK:
        yield block
    else:
        yield from (block[start : start + BLOCK] for start in range(0, len(block), BLOCK))
