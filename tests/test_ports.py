"""A kernel handed to another library gives the same output there, and comes back as it was."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest
import scipy
from faltung_containers.ports import _WAYS

from pipeline import Kernel
from pipeline.errors import KernelError

KERNELS = [Kernel([4.0, 2.0, 1.0]), Kernel([4.0, 2.0, 1.0], origin=1), Kernel([8, 4, 2, 1.0], origin=3), Kernel([3.0])]
KERNELS += [Kernel([8, 4, 2, 1.0], origin=o) for o in (0, 1, 2)] + [Kernel([1.0, -1.0], origin=1)]
X = np.random.default_rng(5).integers(-8, 9, 20).astype(float)
SLIDES = {"oik": ("torch", "jax", "onnx", "tinygrad"), "kio": ("tensorflow", "keras"), "oki": ("mlx",)}


def definition(kernel, x=X):
    """``y[n] = sum_k h[k] x[n + origin - k]``, term by term."""
    at = lambda i: x[i] if 0 <= i < len(x) else 0.0  # noqa: E731
    return [sum(h * at(n + kernel.origin - k) for k, h in enumerate(kernel.taps)) for n in range(len(x))]


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("target", ["numpy", "scipy.signal", "scipy.ndimage"])
def test_the_call_that_a_port_names_gives_the_definition(target, kernel):
    port = kernel.for_(target)
    y = eval(port.call, {"x": X, "w": port.weights, "numpy": np, "scipy": scipy})
    np.testing.assert_allclose(y, definition(kernel), atol=1e-9)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("target", [name for names in SLIDES.values() for name in names])
def test_what_slides_without_flipping_gives_the_definition_between_the_zeros(target, kernel):
    port = kernel.for_(target)
    taps = port.weights.reshape(-1)
    padded = np.concatenate([np.zeros(port.pad[0]), X, np.zeros(port.pad[1])])
    slid = [sum(padded[n + k] * w for k, w in enumerate(taps)) for n in range(len(X))]
    np.testing.assert_allclose(slid, definition(kernel), atol=1e-9)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(
    ("target", "modules"),
    [("torch", "torch"), ("jax", "jax"), ("tensorflow", "tensorflow as tf"), ("keras", "keras"), ("opencv", "cv2")],
)
def test_the_call_runs_in_the_library_itself(target, modules, kernel):
    name = modules.partition(" ")[0]
    module = pytest.importorskip(name)
    port = kernel.for_(target)
    x, w = X.astype(np.float32), port.weights.astype(np.float32)
    if target == "torch":
        x, w = module.as_tensor(x), module.as_tensor(w)
    known = {"x": x, "w": w, modules.split()[-1]: module}
    np.testing.assert_allclose(np.asarray(eval(port.call, known)), definition(kernel), atol=1e-4)


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="asks R")
@pytest.mark.parametrize("kernel", KERNELS)
def test_r_gives_the_definition(kernel):
    port = kernel.for_("r")
    numbers = {"x": X, "w": port.weights}
    lines = [f"{name} <- c({','.join(map(repr, values.tolist()))})" for name, values in numbers.items()]
    done = subprocess.run(
        ["Rscript", "-e", "; ".join([*lines, f"cat({port.call})"])], capture_output=True, text=True, check=True
    )
    np.testing.assert_allclose([float(v) for v in done.stdout.split()], definition(kernel), atol=1e-5)


@pytest.mark.skipif(shutil.which("octave-cli") is None, reason="asks Octave")
def test_octave_gives_the_definition():
    for kernel in KERNELS:
        port = kernel.for_("octave")
        text = f"x = {X.tolist()}; w = {port.weights.tolist()}; printf('%.9g ', {port.call})"
        done = subprocess.run(["octave-cli", "--eval", text], capture_output=True, text=True, check=True)
        np.testing.assert_allclose([float(v) for v in done.stdout.split()], definition(kernel), atol=1e-6)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("target", sorted(_WAYS))
def test_weights_come_back_as_the_kernel_that_they_were(target, kernel):
    port = kernel.for_(target)
    back = Kernel.from_(port.weights, target, before=kernel.length - 1 - kernel.origin)
    assert back == Kernel(kernel.taps, kernel.origin)


@pytest.mark.parametrize(("layout", "targets"), SLIDES.items())
def test_routing_and_one_kernel_a_channel_keep_their_axes(layout, targets):
    routing = Kernel(np.arange(2 * 3 * 4.0).reshape(2, 3, 4))
    columns = Kernel(np.arange(2 * 3.0).reshape(2, 3))
    for target in targets:
        sizes = {"k": 2, "i": 3, "o": 4}
        weights = routing.for_(target).weights
        assert weights.shape == tuple(sizes[axis] for axis in layout)
        place = tuple({"k": 1 - 1, "i": 2, "o": 3}[axis] for axis in layout)  # tap 1 comes first
        assert weights[place] == routing.taps[1, 2, 3]
        assert Kernel.from_(weights, target, before=1) == routing
        assert Kernel.from_(columns.for_(target).weights, target, before=1, depthwise=True) == columns


def test_a_layer_without_zeros_looks_ahead():
    kernel = Kernel.from_([[[1.0, 2.0, 4.0]]], "torch")  # y[n] = x[n] + 2 x[n+1] + 4 x[n+2]
    assert (kernel.taps.tolist(), kernel.origin) == ([4, 2, 1], 2)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: KERNELS[0].for_("pytorch"), "no kernel can be made for 'pytorch'; did you mean 'torch'"),
        (lambda: KERNELS[0].for_("x"), "for 'x'; it is one of jax, keras, mlx"),
        (lambda: Kernel(np.ones((3, 2))).for_("r"), r"r takes one row of taps, got shape \(3, 2\); port each channel"),
        (lambda: Kernel.from_([1, 2], "torch"), r"weights for torch have shape \(out, in, M\), got \(2,\)"),
        (lambda: Kernel.from_([[1, 2]], "numpy"), r"weights for numpy have shape \(M,\), got \(1, 2\)"),
        (lambda: Kernel.from_([[[1, 2]]], "torch", before=2), "before must be 0 to 1, the zeros that 2 taps .* got 2"),
        (lambda: Kernel.from_(np.ones((2, 2, 3)), "torch", depthwise=True), "has one channel in, got 2"),
    ],
)
def test_what_cannot_be_handed_over_is_refused(call, words):
    with pytest.raises(KernelError, match=words):
        call()
