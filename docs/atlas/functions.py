"""Functions of the atlas that need a line of their own: methods, images of a library, lags."""

from __future__ import annotations

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
    import numpy as np
    import onnxruntime
    from onnx import TensorProto, helper

    shape = [1, 1, None]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("x", "w", "y")]
    node = helper.make_node("Conv", ["x", "w"], ["y"], auto_pad="SAME_UPPER")
    model = helper.make_model(
        helper.make_graph([node], "g", ends[:2], ends[2:]), opset_imports=[helper.make_opsetid("", 13)]
    )
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
