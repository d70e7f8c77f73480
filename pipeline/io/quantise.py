"""Round a signal to integer codes: dither if asked, round to nearest, clip, and count what was clipped.

``code = clip(rint(x * 2**(b - 1) + d), -2**(b - 1), 2**(b - 1) - 1)``. A sample counts as clipped only when its
rounded code lies outside that range: +1.0 does (there is no code for it), -1.0 does not. The dither ``d`` depends on
the output's name, the channel and the frame alone, so no way of cutting a signal into blocks changes a code.
"""

from __future__ import annotations

import hashlib
from pathlib import PurePath
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import SignalError
from .base import Block, Writer, WriteReport, WriteRequest
from .encodings import ENCODINGS


def tpdf_noise(key: str, channel: int, start: int, frames: int) -> NDArray[np.float64]:
    """Triangular noise, 2 LSB wide, in LSB, for ``frames`` frames of one channel from absolute frame ``start``.

    The difference of two uniform variables of 1 LSB: zero mean, variance LSB²/6. With the LSB²/12 of rounding the
    error of a dithered sample has variance LSB²/4 and mean 0, whatever the signal.
    """
    seed = hashlib.blake2b(f"{key}\0{channel}".encode("utf-8", "surrogateescape"), digest_size=16).digest()
    # Philox counts in groups of four words, one word a frame; each word's halves are the two uniform variables.
    group, skip = divmod(start, 4)
    stream = np.random.Philox(key=int.from_bytes(seed, "little"), counter=group)
    words = stream.random_raw(skip + frames)[skip:]
    return ((words >> np.uint64(32)).astype(np.float64) - (words & np.uint64(0xFFFFFFFF)).astype(np.float64)) * 2.0**-32


class Quantiser:
    """Quantise a signal block by block.

    Parameters
    ----------
    bits
        of the codes; None clips to ±``most`` and leaves the rounding to a codec (u-law, MP3, Vorbis).
    dither
        ``"none"`` or ``"tpdf"``.
    clip
        ``"warn"`` counts, ``"error"`` raises at the first sample over full scale.
    key
        names the noise; the output's file name.

    Attributes
    ----------
    frames
        frames so far.
    clipped
        samples over full scale so far.
    first_clip
        (frame, channel) of the first of them.
    """

    def __init__(
        self, bits: int | None, *, dither: Literal["none", "tpdf"], clip: Literal["warn", "error"], key: str,
        most: float = 1.0,
    ) -> None:  # fmt: skip
        self.bits = bits
        self.most = most
        self.dither = dither
        self.clip = clip
        self.key = key
        self.frames = 0
        self.clipped = 0
        self.first_clip: tuple[int, int] | None = None

    @property
    def full_scale(self) -> float:
        """The largest magnitude that is surely not clipped: the highest code, less the width of the dither."""
        if self.bits is None:
            return self.most
        return (2.0 ** (self.bits - 1) - 1 - (self.dither == "tpdf")) / 2.0 ** (self.bits - 1)

    def codes(self, block: Block) -> NDArray[np.int32]:
        """Codes of a ``(frames, channels)`` block, ``-2**(b - 1)`` to ``2**(b - 1) - 1``.

        Raises
        ------
        SignalError
            A sample is not finite, or is over full scale with ``clip="error"``.
        """
        if self.bits is None:
            raise TypeError("this quantiser only limits: its codec rounds by itself")
        scale = 2.0 ** (self.bits - 1)
        with np.errstate(over="ignore"):  # over full scale in any case
            levels = np.multiply(block, scale, dtype=np.float64)
        if self.dither == "tpdf":
            for channel in range(levels.shape[1]):
                levels[:, channel] += tpdf_noise(self.key, channel, self.frames, len(levels))
        np.rint(levels, out=levels)
        if len(block) and not (levels.min() >= -scale and levels.max() <= scale - 1):  # a NaN fails both
            self._require_finite(block)
            self._count(block, (levels > scale - 1) | (levels < -scale))
            levels.clip(-scale, scale - 1, out=levels)
        self.frames += len(block)
        return levels.astype(np.int32)

    def limited(self, block: Block) -> Block:
        """The block clipped to ±``most``, for codecs that round by themselves (u-law would wrap round).

        Raises
        ------
        SignalError
            As `codes`.
        """
        self._require_finite(block)
        self._count(block, np.abs(block) > self.most)
        self.frames += len(block)
        return block.clip(-self.most, self.most)

    def _require_finite(self, block: Block) -> None:
        if not np.isfinite(block).all():
            frame, channel = np.argwhere(~np.isfinite(block))[0]
            raise SignalError(
                f"frame {self.frames + frame}, channel {channel} is {block[frame, channel]}: it has no code;"
                " find its cause, or write FLOAT"
            )

    def _count(self, block: Block, over: NDArray[np.bool_]) -> None:
        if over.any():
            frame, channel = (int(i) for i in np.argwhere(over)[0])
            if self.clip == "error":
                raise SignalError(
                    f"frame {self.frames + frame}, channel {channel} is {block[frame, channel]:+.6g}: over full scale;"
                    " lower the gain or write FLOAT, or set clip: warn"
                )
            self.clipped += int(np.count_nonzero(over))
            self.first_clip = self.first_clip or (self.frames + frame, channel)


class AudioWriter(Writer):
    """A writer of samples in one encoding, which are quantised where it clips."""

    def __init__(self, request: WriteRequest, subtype: str) -> None:
        super().__init__(request)
        self._container = request.container
        self._subtype = subtype
        encoding, fmt = ENCODINGS[subtype], request.fmt
        key = PurePath(request.path).name
        most = encoding.most or 1.0
        self._quantiser = Quantiser(encoding.bits, dither=fmt.dither, clip=fmt.clip, key=key, most=most)
        self.single = subtype == "FLOAT"
        self.full_scale = None if encoding.most is None else self._quantiser.full_scale

    def _audio_report(self) -> WriteReport:
        return self._report(
            self._container,
            self._subtype,
            self.outputs[0].size(),
            clipped=self._quantiser.clipped,
            first_clip=self._quantiser.first_clip,
        )
