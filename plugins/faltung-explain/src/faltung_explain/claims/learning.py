"""Learning: that deep-learning layers correlate, and when learnt weights make the flip irrelevant.

Convention: both models see the same M frames, the present and the M - 1 before it; the convolving one multiplies tap k
with the frame k ago, the correlating one with the frame M - 1 - k ago. Loss is the mean square of the error.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal

import numpy as np

from pipeline.engine.functional import convolve, correlate
from pipeline.kernel import Array, Taps

from ..bilingual import listed, texts_of
from ..example import WORKED
from . import ClaimResult, claim_text

TORCH_CONV1D: Taps = np.array([7.0, 16, 8, 8, 0, 0])
"""The answer of torch 2.13.0's ``torch.nn.functional.conv1d`` for x = [0, 3, 1, 2, 0, 0, 0, 0] and [4, 2, 1]."""

TRUE_KERNEL: Taps = np.array([1.0, 0.0, 0.5, 0.3, 0.1])
"""The asymmetric kernel that is to be learnt: a sound and its fading echoes."""

_STEPS, _RATE = 80, 0.2


@dataclass(frozen=True, eq=False)
class Learnt:
    """Where gradient descent arrived: the weights, what they predict, the loss after each step."""

    weights: Taps
    output: Taps
    losses: Taps


def lesson(frames: int = 300) -> tuple[Taps, Taps]:
    """``(frames, M)`` windows of noise, newest frame first, and what the true kernel makes of them."""
    noise = np.random.default_rng(3).standard_normal(frames)
    windows = np.stack([np.concatenate([np.zeros(k), noise[: frames - k]]) for k in range(len(TRUE_KERNEL))], axis=1)
    return windows, convolve(noise, TRUE_KERNEL)[:frames]


def learn(way: Literal["convolve", "correlate"], start: Taps, steps: int = _STEPS, held: int | None = None) -> Learnt:
    """Gradient descent from ``start``; the weight numbered ``held`` stays at 0."""
    windows, wanted = lesson()
    seen = windows if way == "convolve" else windows[:, ::-1]
    w = start.copy()
    losses = []
    for _ in range(steps):
        error = seen @ w - wanted
        w -= _RATE * 2 / len(error) * (seen.T @ error)
        if held is not None:
            w[held] = 0.0
        losses.append(float(((seen @ w - wanted) ** 2).mean()))
    return Learnt(w, seen @ w, np.array(losses))


def frameworks() -> ClaimResult:
    """conv1d's recorded answer is the correlation; torch itself is asked where it is installed."""
    x, h = WORKED.x, WORKED.h
    y, r = convolve(x, h, "valid"), correlate(x, h, "valid")
    asked = _ask_torch(x, h)
    answer = TORCH_CONV1D if asked is None else asked
    numbers = {
        "conv1d": answer.tolist(),
        "to_correlation": float(np.abs(answer - r).max()),
        "to_convolution": float(np.abs(answer - y).max()),
        "torch_asked": asked is not None,
    }
    return ClaimResult.of(
        "frameworks",
        "right",
        numbers,
        {"conv1d": answer, "r": r, "y": y},
        source=claim_text("frameworks", "recorded" if asked is None else "asked"),
        answer=_vector(answer),
        convolved=_vector(y),
        correlated=_vector(r),
        **{name: listed(members) for name, members in recorded().items()},
    )


def recorded() -> dict[str, list[str]]:
    """Layers that correlate, transposed ones that convolve and that do not, functions beside them that convolve.

    From ``layers.json``, which flip-check's records are written into.
    """
    groups = {
        "correlating": ("layers", "correlation"),
        "transposed": ("transposed", "convolution"),
        "untransposed": ("transposed", "correlation"),
        "beside": ("beside", "convolution"),
    }
    layers: Any = texts_of("layers.json")
    told = {name: [one for one in layers if (one["kind"], one["verdict"]) == which] for name, which in groups.items()}
    return {name: [f"{one['name']} ({one['version']})" for one in members] for name, members in told.items()}


def learnt_weights() -> ClaimResult:
    """Learn one kernel both ways: from mirrored starts, unequal starts, under a constraint; then load a fixed one."""
    zero = np.zeros(len(TRUE_KERNEL))
    a, b = learn("convolve", zero), learn("correlate", zero)
    some = np.array([0.0, 1, -1, 0, 2])
    early = [learn(way, some, 5) for way in ("convolve", "correlate")]
    bound = [learn(way, zero, held=0) for way in ("convolve", "correlate")]
    echo = np.array([1.0, 0, 0, 0.5])
    click = np.zeros(9)
    click[4] = 1.0
    meant, played = convolve(click, echo)[:9], correlate(click, echo)[3:]
    numbers: dict[str, Any] = {
        "weights_convolving": a.weights.tolist(),
        "weights_correlating": b.weights.tolist(),
        "outputs_differ": _apart(a.output, b.output),
        "weights_differ": _apart(a.weights, b.weights),
        "weights_differ_mirrored": _apart(a.weights, b.weights[::-1]),
        "unequal_starts_differ_mirrored": _apart(early[0].weights, early[1].weights[::-1]),
        "loss_with_weight_0_held": {
            "convolving": float(bound[0].losses[-1]),
            "correlating": float(bound[1].losses[-1]),
        },
        "fixed_echo": {"meant": meant.tolist(), "played": played.tolist()},
        "torch_weights": _taught_torch(),
    }
    there = numbers["torch_weights"]
    difference = None if there is None else _apart(np.array(there), b.weights)
    return ClaimResult.of(
        "learnt",
        "depends",
        numbers,
        {"w_conv": a.weights, "w_corr": b.weights, "losses": a.losses, "meant": meant, "played": played},
        before=4 - int(np.flatnonzero(played)[0]),
        asked="" if difference is None else claim_text("learnt", "asked", difference=difference),
    )


def _apart(a: Array, b: Array) -> float:
    return float(np.abs(a - b).max())


def _vector(values: Array) -> str:
    return "[" + ", ".join(f"{v:g}" for v in values) + "]"


def _ask_torch(x: Taps, h: Taps) -> Taps | None:
    if find_spec("torch") is None:
        return None
    torch: Any = import_module("torch")
    answer: Taps = torch.conv1d(torch.as_tensor(x)[None, None], torch.as_tensor(h)[None, None])[0, 0].numpy()
    return answer


def _taught_torch() -> list[float] | None:
    """The weights that torch's own layer and optimiser learn in the same lesson; None where it is not installed."""
    if find_spec("torch") is None:
        return None
    torch: Any = import_module("torch")
    windows, wanted = (torch.as_tensor(part) for part in lesson())
    m = len(TRUE_KERNEL)
    x = torch.nn.functional.pad(windows[:, 0], (m - 1, 0))[None, None]
    weight = torch.zeros((1, 1, m), dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.SGD([weight], lr=_RATE)
    for _ in range(_STEPS):
        optimiser.zero_grad()
        ((torch.conv1d(x, weight)[0, 0] - wanted) ** 2).mean().backward()
        optimiser.step()
    return [float(w) for w in weight.detach()[0, 0]]
