"""Functions of the atlas that need a line of their own: methods, images of a library, lags."""

from __future__ import annotations

import shutil
import sys
from types import ModuleType
from typing import Any


def pillow(image: Any, kernel: Any) -> Any:
    """Pillow's filter takes its taps in an object."""
    from PIL import ImageFilter

    return image.filter(ImageFilter.Kernel(kernel.shape[::-1], kernel.reshape(-1).tolist()))


def pandas_mean(x: Any) -> Any:
    """A centred mean of four."""
    import pandas as pd

    return pd.Series(x).rolling(4, center=True).mean()


def pandas_apply(x: Any, kernel: Any) -> Any:
    """A sum of products over a trailing window."""
    import pandas as pd

    return pd.Series(x).rolling(len(kernel)).apply(lambda w: w @ kernel, raw=True)


def polars_sum(x: Any, kernel: Any) -> Any:
    """A weighted sum over a trailing window."""
    import polars as pl

    return pl.Series(x).rolling_sum(len(kernel), weights=kernel.tolist())


def polars_mean(x: Any) -> Any:
    """A centred mean of four."""
    import polars as pl

    return pl.Series(x).rolling_mean(4, center=True)


def xarray_mean(x: Any) -> Any:
    """A centred mean of four."""
    import xarray

    return xarray.DataArray(x, dims="n").rolling(n=4, center=True).mean()


def obspy_lags(x: Any, kernel: Any) -> Any:
    """A correlation as a function of 201 lags."""
    from obspy.signal.cross_correlation import correlate

    return correlate(x, kernel, 100, demean=False, normalize=None)


def obspy_normalised(x: Any, kernel: Any) -> Any:
    """The same as it is by default."""
    from obspy.signal.cross_correlation import correlate

    return correlate(x, kernel, 100)


def obspy_smooth(x: Any) -> Any:
    """A moving average of three."""
    from obspy.signal.util import smooth

    return smooth(x, 3)


def onnx_conv(x: Any, kernel: Any) -> Any:
    """Conv of a model of one node, padded as SAME_UPPER."""
    return _onnx("Conv", x, kernel)


def onnx_transposed(x: Any, kernel: Any) -> Any:
    """ConvTranspose of such a model."""
    return _onnx("ConvTranspose", x, kernel)


def _onnx(operator: str, x: Any, kernel: Any) -> Any:
    import numpy as np
    import onnxruntime
    from onnx import TensorProto, helper

    shape = [1, 1, None]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("x", "w", "y")]
    node = helper.make_node(operator, ["x", "w"], ["y"], auto_pad="SAME_UPPER")
    graph = helper.make_graph([node], "g", ends[:2], ends[2:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, {"x": x[None, None].astype(np.float32), "w": kernel[None, None].astype(np.float32)})[0]


def pylops_convolve(x: Any, kernel: Any) -> Any:
    """An operator, applied."""
    import pylops

    return pylops.signalprocessing.Convolve1D(len(x), kernel) @ x


def pylops_adjoint(x: Any, kernel: Any) -> Any:
    """The same operator, turned round."""
    import pylops

    return pylops.signalprocessing.Convolve1D(len(x), kernel).H @ x


def swt_lowpass(x: Any) -> Any:
    """The first level of a stationary transform, its low half."""
    import pywt

    return pywt.swt(x, "db2", 1)[0][0]


def keras_layer(x: Any, kernel: Any) -> Any:
    """A layer whose weights are set."""
    import keras

    layer = keras.layers.Conv1D(1, len(kernel), padding="same", use_bias=False)
    layer.build((None, None, 1))
    layer.set_weights([kernel[:, None, None]])
    return keras.ops.convert_to_numpy(layer(x.astype("float32")[None, :, None]))[0, :, 0]


def keras_transposed(x: Any, kernel: Any) -> Any:
    """The layer that goes the other way."""
    import keras

    weights = kernel.astype("float32")[:, None, None]
    return keras.ops.conv_transpose(x.astype("float32")[None, :, None], weights, padding="same")


def tensorflow_transposed(x: Any, kernel: Any) -> Any:
    """conv1d_transpose, as long as the signal."""
    import tensorflow as tf

    weights = kernel[:, None, None]
    return tf.nn.conv1d_transpose(x[None, :, None], weights, (1, len(x), 1), 1, "SAME")


def torch_layer(x: Any, kernel: Any) -> Any:
    """A layer whose weights are set."""
    import torch

    layer = torch.nn.Conv1d(1, 1, len(kernel), padding="same", bias=False).double()
    layer.weight.data = torch.as_tensor(kernel)[None, None]
    return layer(torch.as_tensor(x)[None, None])


def match_template_cv2(x: Any, kernel: Any) -> Any:
    """A template's correlation coefficient."""
    import cv2
    import numpy as np

    return cv2.matchTemplate(x.astype(np.float32), kernel.astype(np.float32), cv2.TM_CCOEFF_NORMED)


def jax_transposed(x: Any, kernel: Any) -> Any:
    """conv_transpose, which elsewhere convolves."""
    import jax

    return jax.lax.conv_transpose(
        x[None, None], kernel[None, None], (1,), "SAME", dimension_numbers=("NCH", "IOH", "NCH")
    )


def mlx_conv1d(x: Any, kernel: Any) -> Any:
    """A convolution of one channel, padded on both sides."""
    import mlx.core as mx
    import numpy as np

    signal, weights = (mx.array(v.astype(np.float32)) for v in (x, kernel))
    return np.array(mx.conv1d(signal[None, :, None], weights[None, :, None], padding=len(kernel) // 2))


def mlx_convolve(x: Any, kernel: Any) -> Any:
    """The function that numpy has too."""
    import mlx.core as mx
    import numpy as np

    return np.array(mx.convolve(mx.array(x.astype(np.float32)), mx.array(kernel.astype(np.float32)), mode="same"))


def openvino_conv(x: Any, kernel: Any) -> Any:
    """A model of one operation, padded as SAME_UPPER."""
    import numpy as np
    import openvino
    from openvino import opset13

    signal, weights = (v.astype(np.float32)[None, None] for v in (x, kernel))
    port = opset13.parameter(signal.shape, np.float32)
    node = opset13.convolution(port, opset13.constant(weights), [1], [0], [0], [1], auto_pad="SAME_UPPER")
    return openvino.compile_model(openvino.Model([node], [port]), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(signal)[0]


def metpy(x: Any, kernel: Any) -> Any:
    """A window over a grid; what is not a whole number of weights stays as it was at the ends."""
    from metpy.calc import smooth_window

    return getattr(y := smooth_window(x, kernel, passes=1, normalize_weights=False), "magnitude", y)


def spectrum_lags(x: Any, kernel: Any) -> Any:
    """A correlation of two signals of one length, as a function of all lags."""
    import numpy as np
    from spectrum import xcorr

    return xcorr(x, np.pad(kernel, (0, len(x) - len(kernel))), norm=None)[0]


def pyfar_convolve(x: Any, kernel: Any) -> Any:
    """Two signals, in full."""
    import pyfar

    return pyfar.dsp.convolve(pyfar.Signal(x, 48_000), pyfar.Signal(kernel, 48_000), mode="full").time


def _in_browser(script: str, values: Any) -> Any:
    """What a script says in an empty page of a browser, which stays open when this file is read again."""
    kept = sys.modules.setdefault("atlas_browser", ModuleType("atlas_browser"))
    if not hasattr(kept, "page"):
        from playwright.sync_api import sync_playwright

        known = sync_playwright().start().chromium
        kept.page = known.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"]).new_page()
    return kept.page.evaluate(script, values)


_CONVOLVER = """async ([x, h, plain]) => {
  const context = new OfflineAudioContext(1, x.length, 48000);
  const held = (values) => {
    const buffer = context.createBuffer(1, values.length, 48000);
    buffer.copyToChannel(new Float32Array(values), 0);
    return buffer;
  };
  const source = new AudioBufferSourceNode(context, { buffer: held(x) });
  const node = new ConvolverNode(context, { buffer: held(h), disableNormalization: plain });
  source.connect(node).connect(context.destination);
  source.start();
  return Array.from((await context.startRendering()).getChannelData(0));
}"""


def convolver_node(x: Any, kernel: Any) -> Any:
    """A browser's reverb, with the taps as they are."""
    import numpy as np

    return np.array(_in_browser(_CONVOLVER, [x.tolist(), kernel.tolist(), True]), np.float32)


def convolver_node_normalized(x: Any, kernel: Any) -> Any:
    """The same as it is by default."""
    import numpy as np

    return np.array(_in_browser(_CONVOLVER, [x.tolist(), kernel.tolist(), False]), np.float32)


_MATRIX = """([pixels, h]) => {
  const [height, width] = [pixels.length, pixels[0].length];
  document.body.innerHTML = `<svg width="0" height="0"><filter id="f" x="0" y="0" width="1" height="1"
    color-interpolation-filters="sRGB"><feConvolveMatrix order="${h[0].length},${h.length}" divisor="1"
    preserveAlpha="true" kernelMatrix="${h.flat().join(" ")}"/></filter></svg>`;
  const canvas = () => Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
  const [from, to] = [canvas(), canvas()];
  from.putImageData(new ImageData(new Uint8ClampedArray(pixels.flat().flatMap((v) => [v, v, v, 255])), width), 0, 0);
  to.filter = "url(#f)";
  to.drawImage(from.canvas, 0, 0);
  const y = Array.from(to.getImageData(0, 0, width, height).data).filter((_, i) => i % 4 === 0);
  return pixels.map((_, row) => y.slice(row * width, (row + 1) * width));
}"""


def fe_convolve_matrix(x: Any, kernel: Any) -> Any:
    """The filter of pictures that a page has."""
    import numpy as np

    return np.array(_in_browser(_MATRIX, [x.tolist(), kernel.tolist()]), np.uint8)
