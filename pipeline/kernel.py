"""`Kernel`, the one noun of this package: the taps of a linear time-invariant stage, and which of them is time zero.

Convention: the output at frame n is ``y[n] = sum_k taps[k] * x[n + origin - k]``. With ``origin == 0`` only the
present and the past are touched: the kernel is causal. Stages in a row are kernels convolved, ``a * b``; stages
side by side are kernels added, ``a + b``; correlation with a template is convolution with the template flipped.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .errors import KernelError
from .limits import MAX_TAPS, at_most
from .plugins import bundled

if TYPE_CHECKING:
    from faltung_containers.ports import Port

Taps = npt.NDArray[np.float64]
Array = npt.NDArray[Any]

_PORTS = ("faltung_containers.ports", "a kernel for another library")
_DIRECT_PRODUCT = 1 << 16  # taps times taps up to which a direct sum is at least as quick as a transform


@dataclass(frozen=True, eq=False, repr=False)
class Kernel:
    """Taps and an origin; immutable.

    Parameters
    ----------
    taps
        ``(M,)``, the same for every channel; ``(M, C)``, one column a channel; ``(M, C_in, C_out)``, routing:
        ``y[n, o] = sum_i sum_k taps[k, i, o] * x[n + origin - k, i]``.
    origin
        index of the tap for time zero, ``0 <= origin < M``. The kernel needs ``origin`` frames of the future.
    fs
        the rate in Hz the taps are meant for, where it matters.

    Raises
    ------
    KernelError
        no taps, more than `MAX_TAPS`, a tap that is not finite (its index is named), an origin outside.

    Notes
    -----
    The symbols, used everywhere: M number of taps, h the taps, k the tap's index, n the output's frame, x the
    input, y the output, N number of input frames. The output has ``N + M - 1`` frames in all, ``origin`` of them
    before time zero (the latency) and ``M - 1 - origin`` after the input's end (the tail).

    Examples
    --------
    >>> echo = Kernel.sparse({0: 1.0, 2: 0.5})
    >>> echo.taps, echo.tail
    (array([1. , 0. , 0.5]), 2)
    >>> (echo * Kernel([1, -1])).taps.tolist()
    [1.0, -1.0, 0.5, -0.5]
    >>> echo.flipped().origin, echo.flipped().is_causal
    (2, False)
    """

    taps: Taps
    origin: int = 0
    fs: float | None = None

    def __post_init__(self) -> None:
        taps = _checked_taps(self.taps)
        if not _is_whole(self.origin) or not 0 <= self.origin < len(taps):
            raise KernelError(f"origin must be the index of one of the {len(taps)} taps, got {self.origin!r}")
        if self.fs is not None and not (math.isfinite(self.fs) and self.fs > 0):
            raise KernelError(f"fs must be a positive number of Hz, got {self.fs!r}")
        object.__setattr__(self, "taps", taps)
        object.__setattr__(self, "origin", int(self.origin))

    # ---- made from ---------------------------------------------------------------------------------------------

    @classmethod
    def identity(cls) -> Kernel:
        """One tap of 1 at time zero: what changes nothing."""
        return cls(np.ones(1))

    @classmethod
    def sparse(cls, taps: Mapping[int, float], fs: float | None = None) -> Kernel:
        """Taps given by their time in frames: ``{0: 1.0, 12000: 0.5}`` is a signal and its echo.

        A negative time is the future; the origin follows from it.
        """
        if not taps:
            raise KernelError("a kernel needs at least one tap, got none")
        if not all(map(_is_whole, taps)):
            raise KernelError(f"the times of taps are whole frames, got {next(t for t in taps if not _is_whole(t))!r}")
        first, last = min(0, *taps), max(0, *taps)
        _check_length(last - first + 1)
        dense = np.zeros(last - first + 1)
        for time, tap in taps.items():
            dense[time - first] = tap
        return cls(dense, origin=-first, fs=fs)

    @classmethod
    def from_template(cls, template: npt.ArrayLike, fs: float | None = None) -> Kernel:
        """The correlator with a template: the template flipped, its origin at the last tap.

        ``y[n] = sum_i template[i] * x[n + i]``: the score of the template laid with its start on frame n. It needs
        ``M - 1`` frames of the future, so for M > 1 it is not causal.
        """
        return cls(np.asarray(_checked_taps(template)), fs=fs).flipped()

    # ---- the algebra -------------------------------------------------------------------------------------------

    @np.errstate(over="ignore", invalid="ignore")  # infinite, then, which taps may not be
    def __mul__(self, other: Kernel) -> Kernel:
        """Convolve: first this stage, then the other. Commutes unless both route channels."""
        if not isinstance(other, Kernel):
            return NotImplemented
        _check_length(self.length + other.length - 1)
        fs = _common_fs(self, other)
        if self.taps.ndim < 3 and other.taps.ndim < 3:
            return Kernel(_convolve(self.taps, other.taps), self.origin + other.origin, fs)
        a, b = _as_routing(self, other.channels_in), _as_routing(other, self.channels_out)
        if a.shape[2] != b.shape[1]:
            raise KernelError(f"a kernel with {a.shape[2]} channels out meets one with {b.shape[1]} channels in")
        taps = np.zeros((len(a) + len(b) - 1, a.shape[1], b.shape[2]))
        for i, m, o in np.ndindex(a.shape[1], a.shape[2], b.shape[2]):
            if a[:, i, m].any() and b[:, m, o].any():
                taps[:, i, o] += _convolve(a[:, i, m], b[:, m, o])
        return Kernel(taps, self.origin + other.origin, fs)

    def __add__(self, other: Kernel) -> Kernel:
        """Add, aligned on the origins: two stages side by side, summed."""
        if not isinstance(other, Kernel):
            return NotImplemented
        origin, tail = max(self.origin, other.origin), max(self.tail, other.tail)
        _check_length(origin + tail + 1)
        a, b = self.taps, other.taps
        if a.ndim == 3 or b.ndim == 3:
            a, b = _as_routing(self, other.channels_in), _as_routing(other, self.channels_in)
        elif a.ndim != b.ndim:
            a, b = a.reshape(len(a), -1), b.reshape(len(b), -1)
        try:
            shape = np.broadcast_shapes(a.shape[1:], b.shape[1:])
        except ValueError:
            raise KernelError(
                f"kernels of shapes {a.shape} and {b.shape} cannot be added: the channels differ"
            ) from None
        taps = np.zeros((origin + tail + 1, *shape))
        for kernel, part in ((self, a), (other, b)):
            start = origin - kernel.origin
            taps[start : start + kernel.length] += part
        return Kernel(taps, origin, _common_fs(self, other))

    def flipped(self) -> Kernel:
        """Turned about time zero: ``taps[::-1]``, with the origin at ``M - 1 - origin``."""
        return Kernel(self.taps[::-1], self.length - 1 - self.origin, self.fs)

    def scaled(self, gain: float) -> Kernel:
        """Every tap times ``gain``."""
        if not _is_number(gain):
            raise KernelError(f"a gain is a number, got {gain!r}")
        return Kernel(self.taps * float(gain), self.origin, self.fs)

    def delayed(self, frames: int) -> Kernel:
        """The same taps, ``frames`` later (earlier, where negative)."""
        if not _is_whole(frames):
            raise KernelError(f"a delay is whole frames, got {frames!r}")
        first, last = min(0, frames - self.origin), max(0, frames + self.tail)
        _check_length(last - first + 1)
        taps = np.zeros((last - first + 1, *self.taps.shape[1:]))
        start = frames - self.origin - first
        taps[start : start + self.length] = self.taps
        return Kernel(taps, -first, self.fs)

    # ---- what one can read off -----------------------------------------------------------------------------------

    @property
    def length(self) -> int:
        """M, the number of taps."""
        return len(self.taps)

    @property
    def is_causal(self) -> bool:
        """Whether only the present and the past are touched: ``origin == 0``."""
        return self.origin == 0

    @property
    def latency(self) -> int:
        """Frames of the future that are needed: ``origin``."""
        return self.origin

    @property
    def tail(self) -> int:
        """Frames that sound on after the input has ended: ``M - 1 - origin``."""
        return self.length - 1 - self.origin

    @property
    def channels_in(self) -> int | None:
        """Channels it takes; None for any number, all treated alike."""
        return None if self.taps.ndim == 1 else self.taps.shape[1]

    @property
    def channels_out(self) -> int | None:
        """Channels it gives; None for as many as it takes."""
        return None if self.taps.ndim == 1 else self.taps.shape[-1]

    @cached_property
    def nonzero(self) -> npt.NDArray[np.intp]:
        """Indices of the taps that are not zero in every path."""
        return np.flatnonzero(self._paths.any(axis=1))

    @property
    def norm1(self) -> float:
        """``||h||_1``: the loudest sample that a signal within [-1, 1] can cause; over channels, the largest."""
        with _may_overflow():
            return float(np.abs(self.taps).sum(axis=(0, 1) if self.taps.ndim == 3 else 0).max())

    @property
    def norm2(self) -> float:
        """``||h||_2``, the square root of the energy; over paths, the largest."""
        with _may_overflow():
            return float(np.sqrt((self._paths**2).sum(axis=0)).max())

    @property
    def dc(self) -> float:
        """``sum_k h[k]``: the gain of a constant; over paths, the one largest in size."""
        with _may_overflow():
            sums = self._paths.sum(axis=0)
        return float(sums[np.abs(sums).argmax()])

    @cached_property
    def peak_gain_db(self) -> float:
        """``20 log10 max |H|`` over frequency, in dB: on a grid of at least 8 M points; over paths, the largest."""
        n = _power_of_two(max(512, min(8 * self.length, 2 * MAX_TAPS)))
        with _may_overflow():
            return _decibels(max(float(np.abs(np.fft.rfft(path, n)).max()) for path in self._paths.T))

    @property
    def worst_case_db(self) -> float:
        """``20 log10 ||h||_1``, in dB: no signal can come out louder."""
        return _decibels(self.norm1)

    @cached_property
    def asymmetry(self) -> float:
        """``1 - max|h * h| / ||h||_2^2`` in [0, 1]: 0 when the flip cannot be seen; over paths, the largest.

        ``h * h`` convolves the kernel with itself. By Cauchy and Schwarz it reaches the energy only where the
        kernel is its own reversal, up to sign, about some point.
        """
        worst = 0.0
        for path in self._scaled.T:
            energy = float((path**2).sum())
            if energy > 0:
                unit = path / math.sqrt(energy)
                worst = max(worst, 1.0 - float(np.abs(_convolve(unit, unit)).max()))
        return min(max(worst, 0.0), 1.0)

    def describe_symmetry(self) -> str:
        """One sentence on whether the flip can be seen with this kernel."""
        if self.length == 1:
            return "one tap: there is nothing to flip, convolution and correlation are the same"
        if self.asymmetry < 1e-12:
            middle = _convolve(self._scaled[:, 0], self._scaled[:, 0])
            if middle[np.abs(middle).argmax()] >= 0:
                return "symmetric: its own reversal, so the flip cannot be seen (asymmetry 0)"
            return "antisymmetric: the flip only turns its sign (asymmetry 0)"
        return f"asymmetric: convolution and correlation with it differ (asymmetry {self.asymmetry:.3g})"

    def for_conv1d(self) -> Taps:
        """Weights for torch's ``conv1d``: ``(out, in, M)``, flipped; of ``(M, C)`` taps ``(C, 1, M)``, ``groups=C``."""
        return self.for_("torch").weights

    def for_(self, target: str) -> Port:
        """The same kernel for another library, ``"torch"``, ``"r"``, ``"web-audio"``: weights, zeros, and the call."""
        port: Port = bundled(*_PORTS).taps_for(self.taps, self.origin, target)
        return port

    @classmethod
    def from_(cls, weights: npt.ArrayLike, target: str, *, before: int = 0, depthwise: bool = False) -> Kernel:
        """The kernel that a layer's weights are: ``before`` is its ``padding``; ``depthwise``, one kernel a channel."""
        return cls(*bundled(*_PORTS).taps_from(weights, target, before, depthwise))

    @property
    def _paths(self) -> Taps:
        """Taps as ``(M, paths)``."""
        return self.taps.reshape(self.length, -1)

    @property
    def _scaled(self) -> Taps:
        """Paths by a power of two, which changes no digit, so that no square of a tap is over the range of numbers."""
        exponent = math.frexp(float(np.abs(self.taps).max()))[1]
        return np.ldexp(self._paths, -exponent)

    # ---- Python's own ------------------------------------------------------------------------------------------

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Kernel):
            return NotImplemented
        return self.origin == other.origin and self.fs == other.fs and np.array_equal(self.taps, other.taps)

    def __hash__(self) -> int:
        few = self.taps.ravel()[:: self.taps.size // 16 + 1]  # all of 240,000 taps take 1 ms, a file of a batch as much
        return hash((self.origin, self.fs, self.taps.shape, *few.tolist()))

    def __repr__(self) -> str:
        taps = np.array2string(self.taps, threshold=8, edgeitems=2, precision=4).replace("\n", "")
        rest = f", fs={self.fs:g}" if self.fs is not None else ""
        return f"Kernel({taps}, shape={self.taps.shape}, origin={self.origin}{rest})"


def _checked_taps(taps: npt.ArrayLike) -> Taps:
    try:
        raw = np.asarray(taps)
    except ValueError:  # rows of different lengths
        raise KernelError(f"taps must be an array of numbers, got {taps!r:.60}") from None
    if raw.dtype.kind not in "iufb":
        raise KernelError(f"taps must be real numbers, got an array of {raw.dtype}")
    if not 1 <= raw.ndim <= 3:
        raise KernelError(f"taps must have shape (M,), (M, C) or (M, C_in, C_out), got {raw.shape}")
    if raw.size == 0:
        raise KernelError(f"a kernel needs at least one tap, got an array of shape {raw.shape}")
    _check_length(len(raw))
    array = np.array(raw, dtype=np.float64, order="C")
    if not np.isfinite(array).all():
        index = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise KernelError(f"taps must be finite, got {array[index]} at index {index[0] if array.ndim == 1 else index}")
    array.flags.writeable = False
    return array


def _is_whole(value: Any) -> bool:
    return _is_number(value) and float(value).is_integer()


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, Real)


def _check_length(length: int) -> None:
    if length > MAX_TAPS:
        raise KernelError(f"a kernel has {at_most('taps')}, this one would have {length:,}")


def _common_fs(a: Kernel, b: Kernel) -> float | None:
    if a.fs is not None and b.fs is not None and a.fs != b.fs:
        raise KernelError(f"kernels for different rates cannot be combined: {a.fs:g} Hz and {b.fs:g} Hz")
    return a.fs if a.fs is not None else b.fs


def _as_routing(kernel: Kernel, channels: int | None) -> Taps:
    """Taps as ``(M, C_in, C_out)``; those that do not route stand on the diagonal."""
    taps = kernel.taps
    if taps.ndim == 3:
        return taps
    count = channels if taps.ndim == 1 else taps.shape[1]
    if count is None:
        raise KernelError("one of the two kernels must say how many channels there are")
    diagonal = np.zeros((len(taps), count, count))
    diagonal[:, np.arange(count), np.arange(count)] = taps.reshape(len(taps), -1)
    return diagonal


def _convolve(a: Taps, b: Taps) -> Taps:
    """Full convolution along the first axis of ``(M,)`` or ``(M, C)`` taps, of which one may lack its channels."""
    if len({1, *a.shape[1:], *b.shape[1:]}) > 2:
        raise KernelError(f"a kernel for {a.shape[1]} channels meets one for {b.shape[1]}")
    out = _convolve_columns(a.reshape(len(a), -1), b.reshape(len(b), -1))
    return out[:, 0] if a.ndim == b.ndim == 1 else out


def _convolve_columns(a: Taps, b: Taps) -> Taps:
    if np.count_nonzero(a.any(axis=1)) > np.count_nonzero(b.any(axis=1)):
        a, b = b, a
    times = np.flatnonzero(a.any(axis=1))  # of the sparser of the two
    out = np.zeros((len(a) + len(b) - 1, max(a.shape[1], b.shape[1])))
    if len(times) * len(b) <= _DIRECT_PRODUCT or len(times) <= 16:
        for k in times:
            out[k : k + len(b)] += a[k] * b
        return out
    n = _power_of_two(len(out))
    return np.fft.irfft(np.fft.rfft(a, n, axis=0) * np.fft.rfft(b, n, axis=0), n, axis=0)[: len(out)]


def _power_of_two(least: int) -> int:
    return 1 << (least - 1).bit_length()


def _may_overflow() -> np.errstate:
    """A context for sums that may be over the range of numbers: infinite, then, which is what they are."""
    return np.errstate(over="ignore", invalid="ignore")


def _decibels(gain: float) -> float:
    return 20.0 * math.log10(gain) if gain > 0 else -math.inf
