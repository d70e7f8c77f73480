"""Learning: that deep-learning layers correlate, and when learnt weights make the flip irrelevant.

Convention: both models see the same M frames, the present and the M - 1 before it; the convolving one multiplies tap k
with the frame k ago, the correlating one with the frame M - 1 - k ago. Loss is the mean square of the error.
"""
# ruff: noqa: RUF001  (Chinese has punctuation of its own)

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal

import numpy as np

from ...engine.functional import convolve, correlate
from ...kernel import Array, Taps
from .result import ClaimResult, Text

__all__ = ["TORCH_CONV1D", "TRUE_KERNEL", "Learnt", "frameworks", "learn", "learnt_weights", "lesson"]

TORCH_CONV1D: Taps = np.array([6.0, 13, 4, 8, 8, 0])
"""What ``torch.nn.functional.conv1d`` of torch 2.13.0 gives for x = [0, 3, 0, 1, 2, 0, 0, 0] and weights [4, 2, 1]."""

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
    x, h = np.array([0.0, 3, 0, 1, 2, 0, 0, 0]), np.array([4.0, 2, 1])
    y, r = convolve(x, h, "valid"), correlate(x, h, "valid")
    asked = _ask_torch(x, h)
    answer = TORCH_CONV1D if asked is None else asked
    to_r, to_y = float(np.abs(answer - r).max()), float(np.abs(answer - y).max())
    source = (
        Text("recorded from torch 2.13.0", "取自 torch 2.13.0 的记录")
        if asked is None
        else Text("asked just now", "当场计算")
    )
    return ClaimResult(
        key="frameworks",
        claim=Text(
            "Deep-learning frameworks do not flip: what they compute is correlation.",
            "在实际的深度学习框架中，通常实际实现的是交叉相关。",
        ),
        verdict="right",
        nuance=Text("conv1d correlates", "conv1d 做的是互相关"),
        finding=Text(
            f"torch's conv1d of [0, 3, 0, 1, 2, 0, 0, 0] with weights [4, 2, 1] ({source.en}) gives "
            f"{_listed(answer)}. That is correlation to the last digit (difference {to_r:g}); convolution would give "
            f"{_listed(y)} (difference {to_y:g}). 'faltung flip-check torch.nn.functional:conv1d' asks the version "
            "that is installed.",
            f"torch 的 conv1d 对 [0, 3, 0, 1, 2, 0, 0, 0] 与权重 [4, 2, 1] 给出 {_listed(answer)}（{source.zh}）。这与"
            f"互相关完全一致（差为 {to_r:g}）；若是卷积，应得 {_listed(y)}（差为 {to_y:g}）。用 “faltung flip-check "
            "torch.nn.functional:conv1d” 可以检验本机安装的版本。",
        ),
        alt=Text(
            f"Three rows of stems: conv1d {_listed(answer)}, correlation {_listed(r)}, convolution {_listed(y)}. The "
            "first two are the same.",
            f"三行茎状图：conv1d {_listed(answer)}，互相关 {_listed(r)}，卷积 {_listed(y)}。前两行相同。",
        ),
        numbers={
            "conv1d": answer.tolist(),
            "to_correlation": to_r,
            "to_convolution": to_y,
            "torch_asked": asked is not None,
        },
        series={"conv1d": answer, "r": r, "y": y},
    )


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
    held = numbers["loss_with_weight_0_held"]
    there = numbers["torch_weights"]
    asked = Text("", "") if there is None else _torch_words(_apart(np.array(there), b.weights))
    before = 4 - int(np.flatnonzero(played)[0])
    return ClaimResult(
        key="learnt",
        claim=Text(
            "Kernels are learnt, so flipping or not does not affect the result.",
            "卷积核是可学习的参数，翻转与否不会影响结果（权重可以通过训练来自动适应）。",
        ),
        verdict="right",
        nuance=Text(
            "if start, optimiser and constraints mirror; wrong for fixed or imported kernels",
            "前提是初值、优化器与约束都镜像对应；对固定或导入的核则错误",
        ),
        finding=Text(
            f"Learnt both ways from zero, the outputs agree to {numbers['outputs_differ']:.1g}, and the weights are "
            f"each other's mirror image (to {numbers['weights_differ_mirrored']:.1g}; read in the same order they "
            f"differ by {numbers['weights_differ']:.2g}). From one unequal start the two are "
            f"{numbers['unequal_starts_differ_mirrored']:.2g} apart after 5 steps. Hold weight 0 at zero in both, and "
            f"the losses end at {held['convolving']:.2g} and {held['correlating']:.2g}: the rule forbids the one the "
            "newest frame, the other the oldest. And a kernel that is not learnt, an echo [1, 0, 0, 0.5] loaded as "
            f"weights, plays {before} frames before the sound.{asked.en}",
            f"两种方式都从零开始学，输出之差仅 {numbers['outputs_differ']:.1g}，学得的权重互为镜像（差 "
            f"{numbers['weights_differ_mirrored']:.1g}；按相同次序比较则差 {numbers['weights_differ']:.2g}）。若从同一"
            f"组不对称的初值出发，5 步之后两者（镜像后）相差 {numbers['unequal_starts_differ_mirrored']:.2g}。若规定第"
            f" 0 个权重恒为零，最终损失分别为 {held['convolving']:.2g} 和 {held['correlating']:.2g}：同一条约束禁掉"
            "的，一边是最新的一帧，另一边是最旧的一帧。而不经学习、直接装入的核，例如回声 [1, 0, 0, 0.5]，会在原声之"
            f"前 {before} 帧响起。{asked.zh}",
        ),
        alt=Text(
            "Learnt weights: convolving falls away from tap 0, correlating is its mirror image. Below, a click "
            f"through a loaded echo: convolution answers 3 frames after the click, correlation {before} frames before "
            "it.",
            "学得的权重：卷积方式从抽头 0 起衰减，互相关方式是其镜像。下方：冲激经过装入的回声，卷积在其后 3 帧响应，"
            f"互相关在其前 {before} 帧响应。",
        ),
        numbers=numbers,
        series={"w_conv": a.weights, "w_corr": b.weights, "losses": a.losses, "meant": meant, "played": played},
    )


def _torch_words(difference: float) -> Text:
    return Text(
        f" torch's own layer and optimiser arrive at the correlating weights, to {difference:.1g}.",
        f"torch 自带的层与优化器学得的正是互相关一方的权重（差 {difference:.1g}）。",
    )


def _apart(a: Array, b: Array) -> float:
    return float(np.abs(a - b).max())


def _listed(values: Array) -> str:
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
