"""In two dimensions: which way the kernel turns, what the formula with r computes, and which way a gradient points.

Convention: ``x[i, j]``, rows downward, columns to the right; a kernel's tap [0, 0] is its top left corner.
"""
# ruff: noqa: RUF001  (Chinese has punctuation of its own)

from __future__ import annotations

import numpy as np

from ...kernel import Taps
from .plane import HOOK, LINE, laid, launched, turned
from .result import ClaimResult, Text

__all__ = ["both_axes", "gradient", "index_formula", "variants"]

_SEED = 7


def variants(k: Taps) -> dict[str, Taps]:
    """The ways in which a kernel could be turned before it is laid on the image."""
    return {"as it is": k, "rows": k[::-1], "columns": k[:, ::-1], "both": turned(k), "transposed": k.T}


def _image() -> Taps:
    return np.random.default_rng(_SEED).integers(0, 10, (8, 8)).astype(np.float64)


def _errors(k: Taps) -> dict[str, float]:
    """How far each variant, laid on every place, is from the launched kernel."""
    x = _image()
    convolution, padded = launched(x, k), np.pad(x, [(m - 1, m - 1) for m in k.shape])
    return {name: float(np.abs(laid(padded, v) - convolution).max()) for name, v in variants(k).items()}


def both_axes() -> ClaimResult:
    """Of the variants of a fading hook, only the one turned by 180 degrees convolves; a line cannot tell."""
    hook, line = _errors(HOOK), _errors(LINE)
    good = [name for name, error in hook.items() if error == 0]
    blind = [name for name, error in line.items() if error == 0]
    return ClaimResult(
        key="both_axes",
        claim=Text("In two dimensions rows and columns are both flipped.", "卷积核的翻转（行列翻转）。"),
        verdict="right",
        nuance=Text("a turn by 180°, not a transpose", "即旋转 180°，而不是转置"),
        finding=Text(
            "Launch the kernel from every pixel, and compare with five kernels laid on every place. For a hook that "
            f"fades one of them equals the launches: {', '.join(good)} reversed, a turn by 180°. Rows alone are wrong "
            f"by up to {hook['rows']:g}, columns alone by {hook['columns']:g}, the transpose by "
            f"{hook['transposed']:g}. A straight diagonal line would have hidden all this: for it {len(blind)} of the "
            "five are right, no flip at all among them.",
            "从每个像素发出一份核，再与五种核逐处相乘求和的结果比较。对一个亮度渐弱的钩形核，只有行列都翻转（旋转 "
            f"180°）的那一种与之相等；只翻行最多差 {hook['rows']:g}，只翻列最多差 {hook['columns']:g}，转置最多差 "
            f"{hook['transposed']:g}。若用一条对角直线来检验，这一切都看不出来：五种里有 {len(blind)} 种都“对”，其中包"
            "括完全不翻转。",
        ),
        alt=Text(
            "Five variants of a fading hook with the largest difference from convolution: "
            + ", ".join(f"{name} {error:g}" for name, error in hook.items())
            + ". Below, the same for a diagonal line: "
            + ", ".join(f"{name} {error:g}" for name, error in line.items())
            + ".",
            "渐弱钩形核的五种变体（原样、翻行、翻列、行列都翻、转置）与卷积的最大差："
            + "、".join(f"{error:g}" for error in hook.values())
            + "。下方对角直线的同样五个数："
            + "、".join(f"{error:g}" for error in line.values())
            + "。",
        ),
        numbers={"hook": hook, "line": line},
        series={
            **{f"hook {name}": v for name, v in variants(HOOK).items()},
            **{f"line {name}": v for name, v in variants(LINE).items()},
            "hook errors": np.array(list(hook.values())),
            "line errors": np.array(list(line.values())),
        },
    )


def formula(x: Taps, k: Taps, r: int) -> Taps:
    """``sum_pq x[i+p, j+q] k[r-p, r-q]``, p and q over the window 0..M-1, taps that are not there taken as 0."""
    m = len(k)
    wide = np.zeros((m, m))
    for p, q in np.ndindex(m, m):
        if 0 <= r - p < m and 0 <= r - q < m:
            wide[p, q] = k[r - p, r - q]
    return laid(x, wide)


def index_formula() -> ClaimResult:
    """The formula is convolution, advanced by r, for one r only when p and q run over a window."""
    x, k = _image(), HOOK
    m = len(k)
    whole = np.pad(launched(x, k), ((0, m), (0, m)))
    errors = []
    for r in range(2 * m - 1):
        y = formula(x, k, r)
        errors.append(float(np.abs(y - whole[r : r + len(y), r : r + y.shape[1]]).max()))
    good = [r for r, error in enumerate(errors) if error == 0]
    return ClaimResult(
        key="index_formula",
        claim=Text("(x ∗ k)[i,j] = Σ x[i+p, j+q] · k[r−p, r−q]", "(x ∗ k)[i,j] = Σ x[i+p, j+q] · k[r−p, r−q]"),
        verdict="sloppy",
        nuance=Text("r is never defined", "r 从未定义"),
        finding=Text(
            "Put p' = r−p: it is convolution, but read r places further on, (x ∗ k)[i+r, j+r]. With p and q over the "
            f"window 0..{m - 1}, as a program has them, the taps k[r−p] all exist for r = {good[0]} = M−1 alone, and "
            f"there the two agree exactly. For r = 0, 1, 3, 4 they differ by {errors[0]:g}, {errors[1]:g}, "
            f"{errors[3]:g}, {errors[4]:g}: indices leave the kernel (and in Python a negative one silently counts "
            "from its end).",
            "令 p' = r−p，可知它是卷积，只是往前错了 r 个位置，即 (x ∗ k)[i+r, j+r]。若 p、q 像程序里那样取 "
            f"0..{m - 1}，则只有 r = {good[0]} = M−1 时 k[r−p] 才全部存在，此时两者完全相等。r = 0、1、3、4 时分别差 "
            f"{errors[0]:g}、{errors[1]:g}、{errors[3]:g}、{errors[4]:g}：下标越出了核的范围（在 Python 里，负下标还会"
            "悄悄从末尾数起）。",
        ),
        alt=Text(
            f"Bars of the largest difference from convolution for r = 0 to {2 * m - 2}: "
            + ", ".join(f"{error:g}" for error in errors)
            + f". Only r = {good[0]} is zero.",
            f"r 从 0 到 {2 * m - 2} 时与卷积的最大差："
            + "、".join(f"{e:g}" for e in errors)
            + f"。只有 r = {good[0]} 为零。",
        ),
        numbers={"r": list(range(2 * m - 1)), "largest_difference": errors, "fits": good},
        series={"errors": np.array(errors)},
    )


def gradient() -> ClaimResult:
    """Correlation with a patch finds the patch; with the turned patch it finds the turned one. A ramp agrees."""
    patch = np.add.outer(np.arange(4.0), np.arange(4.0))  # brighter to the lower right
    x = 3.0 + np.random.default_rng(_SEED).uniform(-0.5, 0.5, (20, 20))
    here, decoy = (3, 4), (12, 11)
    x[here[0] : here[0] + 4, here[1] : here[1] + 4] = patch
    x[decoy[0] : decoy[0] + 4, decoy[1] : decoy[1] + 4] = turned(patch)
    slope = patch - patch.mean()
    scores = {"as it is": laid(x, slope), "turned": laid(x, turned(slope))}
    peaks = {name: tuple(int(i) for i in np.unravel_index(s.argmax(), s.shape)) for name, s in scores.items()}
    ramp = np.add.outer(np.arange(4.0), np.arange(4.0))
    on_ramp = {name: float(laid(ramp, k)[0, 0]) for name, k in (("as it is", slope), ("turned", turned(slope)))}
    return ClaimResult(
        key="gradient",
        claim=Text(
            "To match a gradient ↘ in the image, the kernel must be flipped to ↖.",
            "如果输入图像中有一个方向为 ↘ 的梯度，卷积核需要被翻转为 ↖ 才能进行匹配。",
        ),
        verdict="backwards",
        nuance=Text("what matches looks like what is sought", "能匹配的核，与要找的图案同向"),
        finding=Text(
            f"A patch that brightens towards ↘ stands at {here}, its turned twin ↖ at {decoy}. Sums of products with "
            f"the kernel ↘ are largest at {peaks['as it is']}: at the patch. With the kernel turned to ↖ they are "
            f"largest at {peaks['turned']}: at the twin. On a plain ramp ↘ the two give "
            f"{_signed(on_ramp['as it is'])} and {_signed(on_ramp['turned'])}. What is true: a function that "
            "convolves must be handed ↖, and only because its own flip turns it back to ↘.",
            f"图像中 {here} 处有一块朝 ↘ 变亮的图案，{decoy} 处是它旋转 180° 的 ↖。与 ↘ 核逐处相乘求和，最大值在 "
            f"{peaks['as it is']}，正是图案所在；把核翻成 ↖，最大值却在 {peaks['turned']}，找到的是反向的那一块。在一"
            f"个单纯的 ↘ 斜坡上，两者分别得到 {_signed(on_ramp['as it is'])} 和 {_signed(on_ramp['turned'])}。这句话里"
            "真实的部分只是：若所用函数做的是卷积，就得交给它 ↖，因为它自己会再翻一次，翻回 ↘。",
        ),
        alt=Text(
            f"An image with a patch at {here} and its turned twin at {decoy}; the score of the kernel as it is peaks "
            f"at {peaks['as it is']}, that of the turned kernel at {peaks['turned']}.",
            f"图像中 {here} 处为图案，{decoy} 处为其反向图案；原核的得分峰值在 {peaks['as it is']}，翻转后的在 "
            f"{peaks['turned']}。",
        ),
        numbers={
            "patch_at": list(here),
            "twin_at": list(decoy),
            "peaks": {n: list(p) for n, p in peaks.items()},
            "ramp": on_ramp,
        },
        series={"image": x, "slope": slope, "score": scores["as it is"], "score_turned": scores["turned"]},
    )


def _signed(v: float) -> str:
    return f"{v:+g}".replace("-", "\N{MINUS SIGN}")
