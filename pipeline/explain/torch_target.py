"""Functions and layers of torch as targets: arrays become tensors of one batch and one channel, and come back.

Convention: torch holds signals as ``(batch, channels, frames)`` and images as ``(batch, channels, rows, columns)``.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from ..errors import SignalError
from ..kernel import Array, Taps
from .targets import Target

__all__ = ["layer_target", "with_tensors"]


def with_tensors(f: Callable[..., Any], h: Taps, x: Array) -> Array:
    """``f(x, h)`` for a function of tensors such as ``torch.nn.functional.conv1d``."""
    torch: Any = import_module("torch")
    return _array(f(torch.as_tensor(x)[None, None], torch.as_tensor(h)[None, None]))


def layer_target(layer: Any, taps: Taps | None, name: str) -> Target:
    """A layer with its own weights: those from input channel 0 to output channel 0.

    Raises
    ------
    SignalError
        weights that are not those of a layer for signals or images of one channel in.
    """
    weight = layer.weight.detach().cpu().numpy()
    if weight.ndim not in (3, 4) or weight.shape[1] != 1:
        raise SignalError(f"{name}: weights must have shape (out, 1, M) or (out, 1, rows, columns), got {weight.shape}")

    def run(x: Array) -> Array:
        torch: Any = import_module("torch")
        return _array(layer(torch.as_tensor(x, dtype=layer.weight.dtype)[None, None]))

    return Target(name, run, weight[0, 0].astype(np.float64) if taps is None else taps)


def _array(tensor: Any) -> Array:
    array: Array = tensor.detach().cpu().numpy()[0, 0]
    return array
