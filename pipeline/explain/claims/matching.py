"""Matching: what finds a pattern, and what symmetry has to do with it.

Convention: a score at n is for the pattern's start on frame n, ``sum_k t[k] x[n+k]``; a convolution is read at the
frame ``n + M - 1`` where the last of the pattern has come in.
"""
# ruff: noqa: RUF001  (Chinese has punctuation of its own)

from __future__ import annotations

import numpy as np

from ...engine.functional import convolve, correlate
from ...kernel import Array, Kernel, Taps
from .plane import HOOK, laid, launched, turned
from .result import ClaimResult, Text

__all__ = ["indispensable", "pattern", "symmetric_matching"]

_X: Taps = np.array([0.0, 3, 0, 1, 2, 0, 0, 0])


def _chirp(frames: int) -> Taps:
    """Rises from 0.02 to 0.2 cycles a frame, under a Hann window."""
    n = np.arange(frames)
    wave: Taps = np.sin(2 * np.pi * (0.02 * n + 0.09 * n**2 / frames)) * np.hanning(frames)
    return wave


def pattern() -> ClaimResult:
    """An up-chirp and its reversal in noise: correlation finds the one, convolution the other."""
    t = _chirp(80)
    here, decoy = 60, 260
    x = 0.15 * np.random.default_rng(11).standard_normal(400)
    x[here : here + 80] += t
    x[decoy : decoy + 80] += t[::-1]
    scores = {"correlation": correlate(x, t, "valid"), "convolution": convolve(x, t, "valid")}
    found = {name: int(s.argmax()) for name, s in scores.items()}
    at = {name: {"pattern": float(s[here]), "reversed": float(s[decoy])} for name, s in scores.items()}
    return ClaimResult(
        key="pattern",
        claim=Text(
            "The flip captures the correlation of a pattern in the signal.", "这个反转……用来捕捉信号中模式的相关性。"
        ),
        verdict="wrong",
        nuance=Text("that is what correlation does, without the flip", "做这件事的是互相关，它恰恰不翻转"),
        finding=Text(
            f"A rising chirp starts at frame {here}, the same chirp backwards at {decoy}, in noise. Correlation with "
            f"the rising chirp peaks at {found['correlation']}, on the chirp: {_minus(at['correlation']['pattern'])} "
            f"against {_minus(at['correlation']['reversed'])} on the reversed one. Convolution with it peaks at "
            f"{found['convolution']}: on the backwards one, {_minus(at['convolution']['reversed'])} against "
            f"{_minus(at['convolution']['pattern'])}. The flip does not find a pattern; it finds its mirror image.",
            f"噪声中，一段上扫的啁啾从第 {here} 帧开始，倒放的同一段从第 {decoy} 帧开始。用上扫啁啾作互相关，峰值在第"
            f" {found['correlation']} 帧，正中目标（得分 {_minus(at['correlation']['pattern'])}，倒放处仅 "
            f"{_minus(at['correlation']['reversed'])}）。用它作卷积，峰值在第 {found['convolution']} 帧，找到的是倒放"
            f"的那一段（{_minus(at['convolution']['reversed'])} 对 {_minus(at['convolution']['pattern'])}）。翻转找到"
            "的不是模式，而是它的镜像。",
        ),
        alt=Text(
            f"A signal with a rising chirp at {here} and a falling one at {decoy}. The correlation score peaks at "
            f"{found['correlation']}, the convolution score at {found['convolution']}.",
            f"信号在第 {here} 帧有上扫啁啾，第 {decoy} 帧有下扫啁啾。互相关得分的峰值在 {found['correlation']}，卷积得"
            f"分的峰值在 {found['convolution']}。",
        ),
        numbers={"pattern_at": here, "reversed_at": decoy, "found_at": found, "scores": at},
        series={"x": x, "template": t, **scores},
    )


def _both_ways(x: Array, h: Taps) -> tuple[Array, Array]:
    """Convolution and correlation, centred alike, so that a symmetric kernel makes them the same frames."""
    return convolve(x, h), correlate(x, h)


def symmetric_matching() -> ClaimResult:
    """A symmetric kernel hides the flip, an antisymmetric one turns its sign, any other shows it."""
    kernels = {"[1, 2, 1]": [1.0, 2, 1], "[1, 0, -1]": [1.0, 0, -1], "[4, 2, 1]": [4.0, 2, 1]}
    pairs = {name: _both_ways(_X, np.array(h)) for name, h in kernels.items()}
    differ = {name: float(np.abs(y - r).max()) for name, (y, r) in pairs.items()}
    opposite = {name: float(np.abs(y + r).max()) for name, (y, r) in pairs.items()}
    return ClaimResult(
        key="symmetry",
        claim=Text("The flip ensures symmetry and matching.", "确保卷积运算具有对称性和匹配性。"),
        verdict="wrong",
        nuance=Text("symmetry of the kernel hides the flip", "核的对称性只会掩盖翻转"),
        finding=Text(
            "Centre both alike. With [1, 2, 1] flipped and unflipped agree (largest difference "
            f"{differ['[1, 2, 1]']:g}): a symmetric kernel hides the flip. With [1, 0, −1] they are each other's "
            f"negative (difference {differ['[1, 0, -1]']:g}, sum {opposite['[1, 0, -1]']:g}): an antisymmetric one "
            f"turns the sign. With [4, 2, 1] they differ by up to {differ['[4, 2, 1]']:g}, and neither is symmetric. "
            "Symmetry is a property of the kernel; the flip neither makes nor needs it.",
            f"两者都居中对齐：用 [1, 2, 1]，翻转与否结果相同（最大差 {differ['[1, 2, 1]']:g}）：对称的核让翻转无从看"
            f"出。用 [1, 0, −1]，两者互为相反数（差 {differ['[1, 0, -1]']:g}，和 {opposite['[1, 0, -1]']:g}）：反对称"
            f"的核只变号。用 [4, 2, 1]，两者最多相差 {differ['[4, 2, 1]']:g}，而且都不对称。对称与否是核自身的性质；翻"
            "转既不产生它，也不需要它。",
        ),
        alt=Text(
            "Three pairs of outputs. [1, 2, 1]: the same; [1, 0, −1]: mirrored about zero; [4, 2, 1]: different.",
            "三对输出。[1, 2, 1]：重合；[1, 0, −1]：关于零互为相反；[4, 2, 1]：各不相同。",
        ),
        numbers={"largest_difference": differ, "largest_sum": opposite},
        series={f"{name} {way}": out for name, pair in pairs.items() for way, out in zip("yr", pair, strict=True)},
    )


def indispensable() -> ClaimResult:
    """Common image kernels are symmetric; a delta probe shows at once which ones are not."""
    kernels: dict[str, Taps] = {
        "box": np.full((3, 3), 1 / 9),
        "Gauss": np.outer([1.0, 2, 1], [1.0, 2, 1]) / 16,
        "Laplace": np.array([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]),
        "Sobel": np.outer([1.0, 2, 1], [1.0, 0, -1]),
        "smear": np.array([[0.0, 0, 0], [0, 0.6, 0.3], [0, 0, 0.1]]),
        "hook": HOOK,
    }
    x = np.random.default_rng(5).integers(0, 10, (16, 16)).astype(np.float64)
    difference = {}
    for name, k in kernels.items():
        y, r = laid(x, turned(k)), laid(x, k)
        difference[name] = round(float(np.abs(y - r).max() / np.abs(y).max()), 12)
    delta = np.zeros((5, 5))
    delta[2, 2] = 1.0
    came_back = launched(delta, HOOK)[1:-1, 1:-1]
    same = [name for name, d in difference.items() if d == 0]
    asymmetry = Kernel(HOOK.ravel()).asymmetry
    return ClaimResult(
        key="indispensable",
        claim=Text("In image processing the flip is indispensable.", "传统图像处理……中，翻转是必不可少的。"),
        verdict="sloppy",
        nuance=Text("for most of its kernels it changes nothing", "对常用的核，翻不翻都一样"),
        finding=Text(
            f"For {', '.join(same)} flipped and unflipped give the same image, to the last digit. For Sobel the sign "
            f"turns (difference {difference['Sobel']:g} times the largest value). Only kernels with a direction show "
            f"the flip: a smear {difference['smear']:.2f}, a hook {difference['hook']:.2f}. To tell what a program "
            "does, send a delta: convolution returns the kernel as it is, correlation returns it turned. "
            "(scipy.ndimage has both, under both names.)",
            f"对于方框、高斯、拉普拉斯这 {len(same)} 种核，翻不翻转得到的图像完全相同。Sobel 只变号（差为最大值的 "
            f"{difference['Sobel']:g} 倍）。只有带方向的核才显出翻转：单侧拖影 {difference['smear']:.2f}，钩形 "
            f"{difference['hook']:.2f}。想知道某个程序做的是哪一种，送一个单点（冲激）进去：卷积原样还回核，互相关还回"
            "旋转 180° 的核。（scipy.ndimage 两种都有，名字也分得清楚。）",
        ),
        alt=Text(
            "Bars of the difference between flipped and unflipped, relative to the largest value: "
            + ", ".join(f"{name} {d:.2g}" for name, d in difference.items())
            + ". Beside them, what a single pixel gives: the hook by convolution, the turned hook by correlation.",
            "翻转与不翻转之差（相对最大值）："
            + "、".join(f"{name} {d:.2g}" for name, d in difference.items())
            + "。旁边是单个像素的响应：卷积给出钩形，互相关给出旋转后的钩形。",
        ),
        numbers={
            "relative_difference": difference,
            "delta_by_convolution": came_back.tolist(),
            "asymmetry_of_hook": asymmetry,
        },
        series={
            "difference": np.array(list(difference.values())),
            "by_convolution": came_back,
            "by_correlation": turned(came_back),
        },
    )


def _minus(score: float) -> str:
    """One digit after the point, with a true minus."""
    return f"{score:.1f}".replace("-", "\N{MINUS SIGN}")
