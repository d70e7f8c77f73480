"""Puts a signal into a room: convolution with the room's impulse response, mixed with the dry signal.

With m the mix and r the (normalised, delayed) impulse response, ``h = (1-m) delta + m r``. A file may hold one
response for all channels, one a channel, or four for true stereo in the order LL LR RL RR, where LR goes from the
left input to the right output: ``y_L = x_L*LL + x_R*RL, y_R = x_L*LR + x_R*RR``.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from ..errors import SettingError
from ..fields import Fraction, InputFile, Seconds, Within
from ..kernel import Kernel, Taps
from ..limits import MAX_TAPS, at_most
from ..units import Duration
from .base import Format, KernelStage, require
from .base.files import RawFormat, check_rate, checked_taps, read_array, resampled
from .base.registry import stage


@stage("reverb")
class Reverb(KernelStage):
    """Convolves with an impulse response from a file: ``h = (1-mix) delta + mix r``."""

    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"ir": "data/hall.wav", "mix": "30%", "normalize": "l1"},
        {"ir": "data/hall.wav", "predelay": "20 ms", "resample": True},
    )
    quieter: ClassVar[tuple[str, ...]] = ("normalize: l1", "normalize: l2 keeps noise as loud")

    ir: InputFile
    """The impulse response: an audio, `.npy` or `.txt` file with 1 channel, one a channel, or 4 (true stereo)."""
    source: str | None = None
    """Name of the response in a file of several, such as `30,0,1.2` of SOFA; `faltung info FILE` lists them."""
    format: RawFormat | None = None
    """Encoding of a file without a header: `FLOAT32_LE`, `FLOAT64_LE`, `S16_LE`, `S24_3_LE`, `S32_LE`."""
    mix: Fraction = 1.0
    """Part of the room in the mix: `30%`; 0% is the dry signal, 100% (the default) the room alone."""
    predelay: Annotated[Seconds, Within("0 s", "10 s")] = Duration(0.0)
    """Time between the signal and the room's answer: `20 ms`; default 0."""
    normalize: Literal["none", "dc", "l1", "l2"] = "l2"
    """Divides the response by a norm, the same for all its channels, that of the loudest: the root of its energy (`l2`,
    the default: noise stays as loud), its sum (`dc`) or the sum of its magnitudes (`l1`: nothing can clip). `none`
    takes it as it is, whatever its level."""
    resample: bool = False
    """Converts a file of another rate, keeping the frequency response; false (the default) makes it an error."""
    layout: Literal["auto", "mono", "per_channel", "true_stereo"] = "auto"
    """Meaning of the file's channels: one for all (`mono`), one for each of the signal's (`per_channel`; a mono signal
    gets them all), or LL LR RL RR (`true_stereo`). `auto`, the default, goes by the number of channels."""

    def kernel(self, fmt: Format) -> Kernel:
        taps, fs = self._read(fmt)
        ir = resampled(taps, fs, fmt.fs)
        routed = Kernel(self._routed(ir.taps, fmt.channels), ir.origin)
        norm = self._norm(self._routed(taps, fmt.channels), routed)
        predelay = fmt.frames(self.predelay)
        together = f"{predelay:,} frames and a response of {ir.length:,}; a kernel has {at_most('taps')}"
        require(predelay + ir.length <= MAX_TAPS, together, "ir")
        wet = routed.delayed(predelay).scaled(self.mix / norm)
        return Kernel.identity().scaled(1.0 - self.mix) + wet

    def _read(self, fmt: Format) -> tuple[Taps, float]:
        """The response and its rate, which is that of the signal unless another may be resampled."""
        samples, fs = read_array(self.ir, fmt, "ir", self.format, self.source)
        if not self.resample:
            check_rate(self.ir, fs, fmt, "ir", "set resample: true or convert it")
        return checked_taps(samples, f"{self.ir.name}: ", "ir"), fs or fmt.fs

    def _norm(self, taps: Taps, ir: Kernel) -> float:
        """What the response is divided by; energy that of all inputs, at the file's own rate too: none is louder."""
        if self.normalize == "none":
            return 1.0
        l1, energies = ir.norm1, [np.square(one).sum(axis=0) for one in (taps, ir.taps)]
        l2: float = max(float(np.max(one.sum(axis=0) if one.ndim == 2 else one)) for one in energies) ** 0.5
        norm = {"l1": l1, "l2": l2, "dc": abs(ir.dc)}[self.normalize]
        # a sum that is only rounding, of a response without a constant part, would blow everything up
        if norm <= 1e-9 * l1 or norm == 0:
            raise SettingError(f"the response has no {self.normalize} to divide by ({norm:.3g})", "normalize")
        return norm

    def _routed(self, ir: Taps, signal: int) -> Taps:
        """Taps as ``(M,)``, ``(M, C)`` or ``(M, C_in, C_out)`` for a signal of so many channels."""
        channels = 1 if ir.ndim == 1 else ir.shape[1]
        layout = self.layout
        if ir.ndim == 3:
            raise SettingError(f"must hold (frames, channels), got an array of shape {ir.shape}", "ir")
        if layout in ("auto", "mono") and channels == 1:
            return ir
        if layout in ("auto", "per_channel") and channels == signal:
            return ir
        if signal == 1 and (layout == "per_channel" or (layout == "auto" and channels == 2)):
            return ir.reshape(len(ir), 1, channels)
        if layout in ("auto", "true_stereo") and (channels, signal) == (4, 2):
            return ir.reshape(len(ir), 2, 2)
        takes = {
            "auto": "1 channel, as many as the signal, 2 for a mono signal, or 4 (LL LR RL RR) for a stereo one",
            "mono": "1 channel",
            "per_channel": "as many channels as the signal",
            "true_stereo": "4 channels (LL LR RL RR), and the signal 2",
        }[layout]
        got = f"it has {channels}, the signal {signal}"
        raise SettingError(f"layout: {layout} wants {self.ir.name} to have {takes}; {got}", "ir")
