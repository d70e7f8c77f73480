"""Taps as other libraries want them: their order, their layout, and the zeros or settings that put y[n] on frame n.

Convention: a port gives ``y[n] = sum_k h[k] x[n + origin - k]`` for n = 0 .. N-1, with silence outside x. What slides
without flipping is handed the taps reversed, between ``pad`` zeros; what convolves in full is handed them as they are
and gives ``drop`` frames too many at the start.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import KernelError
from pipeline.text import nearest

Taps = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Way:
    call: str
    """The call; ``{pad}``, ``{drop}`` and settings are filled in."""
    layout: str = ""
    """Axes of the weights, out, in, tap; empty for a row of taps."""
    flips: bool = True
    """Whether it flips by itself, so that taps go in as they are."""


_WAYS = {
    "torch": _Way("torch.nn.functional.conv1d(torch.nn.functional.pad(x[None, None], {pad}), w)[0, 0]", "oik", False),
    "jax": _Way("jax.lax.conv_general_dilated(x[None, None], w, (1,), [{pad}])[0, 0]", "oik", False),
    "onnx": _Way("Conv, attribute pads = [{before}, {after}]", "oik", False),
    "tinygrad": _Way("x[None, None].pad((None, None, {pad})).conv2d(w)[0, 0]", "oik", False),
    "tensorflow": _Way("tf.nn.conv1d(tf.pad(x, [{pad}])[None, :, None], w, 1, 'VALID')[0, :, 0]", "kio", False),
    "keras": _Way("keras.ops.conv(keras.ops.pad(x, {pad})[None, :, None], w, padding='valid')[0, :, 0]", "kio", False),
    "mlx": _Way("mlx.core.conv1d(mlx.core.pad(x, {pad})[None, :, None], w)[0, :, 0]", "oki", False),
    "opencv": _Way(
        "cv2.filter2D(x[None], -1, w[None], anchor=({before}, 0), borderType=cv2.BORDER_CONSTANT)[0]", "", False
    ),
    "scipy.ndimage": _Way("scipy.ndimage.convolve1d(x, w, mode='constant', origin={shift})"),
    "scipy.signal": _Way("scipy.signal.fftconvolve(x, w)[{drop}:{drop} + len(x)]"),
    "numpy": _Way("numpy.convolve(x, w)[{drop}:{drop} + len(x)]"),
    "octave": _Way("conv(x, w)({drop} + (1:numel(x)))"),
    "r": _Way('convolve(x, w, type = "open")[{drop} + seq_along(x)]', "", False),
    "web-audio": _Way("new ConvolverNode(context, {{buffer: w, disableNormalization: true}}), {drop} frames late"),
}


TARGETS = tuple(sorted(_WAYS))
"""What a kernel can be made for."""


@dataclass(frozen=True)
class Port:
    """A kernel for another library.

    Examples
    --------
    >>> port = taps_for(np.array([4.0, 2.0, 1.0]), 0, "torch")
    >>> port.weights.tolist(), port.pad
    ([[[1.0, 2.0, 4.0]]], (2, 0))
    >>> port.call
    'torch.nn.functional.conv1d(torch.nn.functional.pad(x[None, None], (2, 0)), w)[0, 0]'
    """

    target: str
    weights: Taps = field(repr=False)
    """In its layout and its order."""
    pad: tuple[int, int]
    """Zeros before and after the signal, where the target does not add them."""
    drop: int
    """Frames that come before frame 0, where it gives them."""
    call: str
    """How ``y`` is got from ``x`` and ``w``, the weights."""


def taps_for(taps: Taps, origin: int, target: str) -> Port:
    """Taps ``(M,)``, ``(M, C)`` or ``(M, C_in, C_out)`` for a target; raises `KernelError` for one not known."""
    way = _way(target)
    m = len(taps)
    ordered = taps if way.flips else taps[::-1]
    if way.layout:
        paths = ordered if taps.ndim == 3 else ordered.reshape(m, 1, -1)
        ordered = paths.transpose([{"k": 0, "i": 1, "o": 2}[axis] for axis in way.layout])
    elif taps.ndim > 1:
        raise KernelError(f"{target} takes one row of taps, got shape {taps.shape}; port each channel by itself")
    before, drop = m - 1 - origin, origin if way.flips or target == "r" else 0
    pad = (before, origin) if way.layout else (0, 0)
    words = {"pad": (before, origin), "before": before, "after": origin, "drop": drop, "shift": origin - m // 2}
    return Port(target, np.ascontiguousarray(ordered), pad, drop, way.call.format(**words))


def taps_from(weights: Any, target: str, before: int, depthwise: bool) -> tuple[Taps, int]:
    """Taps and origin of weights that a target slides over a signal with ``before`` zeros put before it.

    Raises
    ------
    KernelError
        a target that is not known, weights of another layout, more zeros than the kernel reaches.
    """
    way = _way(target)
    array = np.asarray(weights, dtype=np.float64)
    if array.ndim != (len(way.layout) or 1):
        wanted = ", ".join({"o": "out", "i": "in", "k": "M"}[axis] for axis in way.layout) or "M,"
        raise KernelError(f"weights for {target} have shape ({wanted}), got {array.shape}")
    if way.layout:
        array = array.transpose([way.layout.index(axis) for axis in "kio"])
        if depthwise and array.shape[1] != 1:
            raise KernelError(f"a layer of one kernel a channel has one channel in, got {array.shape[1]}")
        single = array.shape[1:] == (1, 1)
        array = array[:, 0, 0] if single else array[:, 0] if depthwise else array
    m = len(array)
    if not 0 <= before < max(m, 1):
        raise KernelError(f"before must be 0 to {m - 1}, the zeros that {m} taps can reach, got {before}")
    return np.ascontiguousarray(array if way.flips else array[::-1]), m - 1 - before


def _way(target: str) -> _Way:
    if target in _WAYS:
        return _WAYS[target]
    near = nearest(target, _WAYS)
    hint = f"did you mean {near!r}?" if near else "it is one of " + ", ".join(sorted(_WAYS))
    raise KernelError(f"no kernel can be made for {target!r}; {hint}")
