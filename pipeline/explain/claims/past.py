"""Past and future: which frames of the input an output frame is made from, and what the flip has to do with it.

Convention: a kernel's origin says how far it reaches ahead: ``y[n] = sum_k h[k] x[n + origin - k]``; 0 is causal.
"""
# ruff: noqa: RUF001  (Chinese has punctuation of its own)

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...engine.functional import convolve, correlate
from ...kernel import Array, Taps
from .result import ClaimResult, Text

__all__ = ["aligned_with_the_past", "first_change", "past_and_future", "reads"]

_X: Taps = np.array([0.0, 3, 0, 1, 2, 0, 0, 1, 0, 2, 0, 0])
_H: Taps = np.array([4.0, 2, 1])
_FROM = 6


def convolved(x: Array) -> Array:
    """``y[n] = sum_k h[k] x[n-k]`` for n = 0..N-1."""
    return convolve(x, _H)[: len(x)]


def correlated(x: Array) -> Array:
    """``r[n] = sum_k h[k] x[n+k]`` for n = 0..N-1."""
    return correlate(x, _H)[len(_H) - 1 :]


def first_change(f: Callable[[Array], Array], x: Array, start: int) -> tuple[int, Array]:
    """The first output frame that changes when ``x[start:]`` does, and the whole change."""
    altered = x.copy()
    altered[start:] += np.arange(5.0, 5.0 + len(x) - start)
    change = f(altered) - f(x)
    return int(np.flatnonzero(change)[0]), change


def reads(f: Callable[[Array], Array], frames: int) -> Taps:
    """``(n, m)``: how much output frame n hears of input frame m, by clicking every frame in turn."""
    return np.stack([f(click) for click in np.eye(frames)], axis=1)


def aligned_with_the_past() -> ClaimResult:
    """Change the input from a frame on: convolution changes from there, correlation M - 1 frames before."""
    by_convolution, change_y = first_change(convolved, _X, _FROM)
    by_correlation, change_r = first_change(correlated, _X, _FROM)
    early = _FROM - by_correlation
    return ClaimResult(
        key="past",
        claim=Text(
            "The flip aligns the kernel with the past of the input.",
            "卷积的反转是为了对齐卷积核和输入的过去的历史影响。",
        ),
        verdict="right",
        nuance=Text("for a causal kernel", "对因果核成立"),
        finding=Text(
            f"Change the input from frame {_FROM} on. With h = [4, 2, 1] convolution changes from frame "
            f"{by_convolution}: nothing that was already heard. Correlation, the same kernel unflipped, changes from "
            f"frame {by_correlation}, M−1 = {early} frames early: it had used what was not yet there. Flipped, tap k "
            "meets what happened k frames ago.",
            f"从第 {_FROM} 帧起改动输入。用 h = [4, 2, 1]：卷积从第 {by_convolution} 帧起才变化，已经听到的一点没变；"
            f"同一个核不翻转（互相关）则从第 {by_correlation} 帧起就变化，早了 M−1 = {early} 帧：它用到了尚未到来的样"
            "本。翻转之后，抽头 k 遇到的正是 k 帧之前的输入。",
        ),
        alt=Text(
            f"Bars of how much each output frame changes. Convolution: none before frame {by_convolution}. "
            f"Correlation: the first at frame {by_correlation}, inside the past.",
            f"各输出帧的变化量。卷积：第 {by_convolution} 帧之前没有变化。互相关：第 {by_correlation} 帧就已变化，落在"
            "“过去”之内。",
        ),
        numbers={
            "changed_from": _FROM,
            "convolution_changes_from": by_convolution,
            "correlation_changes_from": by_correlation,
            "change_of_convolution": change_y.tolist(),
            "change_of_correlation": change_r.tolist(),
        },
        series={"change_y": change_y, "change_r": change_r},
    )


def past_and_future() -> ClaimResult:
    """Click every frame: what a causal convolution reads is past and present; the future comes with the origin."""
    frames = 8
    ways: dict[str, Callable[[Array], Array]] = {
        "convolution": convolved,
        "correlation": correlated,
        "convolution, centred": lambda x: convolve(x, _H, "same"),
        "correlation, centred": lambda x: correlate(x, _H, "same"),
    }
    maps = {name: reads(f, frames) for name, f in ways.items()}
    span = {name: _span(table) for name, table in maps.items()}
    back, ahead = span["convolution"]
    return ClaimResult(
        key="future",
        claim=Text(
            "The flip lets the kernel capture the relation of past and future.",
            "翻转操作可以让卷积核捕捉输入信号的过去和未来的关系。",
        ),
        verdict="wrong",
        nuance=Text(
            "for a causal kernel; the future is a matter of the origin", "对因果核不成立；是否用到未来取决于原点"
        ),
        finding=Text(
            f"Click each frame and see which outputs answer. Convolution with h = [4, 2, 1] reads frames {_at(back)} "
            f"to {_at(ahead)}: the past and the present, never the future. The same kernel unflipped reads n to "
            f"{_at(span['correlation'][1])}: the present and the future, never the past. Whoever wants both moves the "
            "origin to the middle tap; then convolution and correlation read the same frames, "
            f"{_at(span['convolution, centred'][0])} to {_at(span['convolution, centred'][1])}, with the taps in "
            "opposite order. The flip chooses the order, the origin chooses the span.",
            f"逐帧给一个冲激，看哪些输出有响应。与 h = [4, 2, 1] 卷积时，只读取第 {_at(back)} 到 {_at(ahead)} 帧：过去"
            f"和现在，从不读取未来。同一个核不翻转则读取第 n 到 {_at(span['correlation'][1])} 帧：现在和未来，从不读取"
            "过去。若想两边都用，应把原点移到中间的抽头；这时卷积与互相关读取的是同样的帧（第 "
            f"{_at(span['convolution, centred'][0])} 到 {_at(span['convolution, centred'][1])} 帧），只是抽头次序相"
            "反。翻转决定次序，原点决定范围。",
        ),
        alt=Text(
            "Four tables, output frame against input frame. Convolution fills the diagonal and below it, the past; "
            "correlation the diagonal and above it, the future; both centred fill one frame on either side.",
            "四张表，纵轴为输出帧，横轴为输入帧。卷积填满对角线及其左侧（过去）；互相关填满对角线及其右侧（未来）；"
            "两种居中的做法都在两侧各占一帧。",
        ),
        numbers={name.replace(", ", "_"): {"from": a, "to": b} for name, (a, b) in span.items()},
        series=dict(maps),
    )


def _span(table: Taps) -> tuple[int, int]:
    """Earliest and latest input frame that is read, seen from the output frame."""
    n, m = np.nonzero(table)
    return int((m - n).min()), int((m - n).max())


def _at(offset: int) -> str:
    """``n−2``, ``n``, ``n+2``."""
    return f"n{offset:+d}".replace("-", "\N{MINUS SIGN}") if offset else "n"
