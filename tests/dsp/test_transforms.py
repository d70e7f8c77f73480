"""Which library computes the transforms, and that both compute the same ones."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from pipeline.dsp.transforms import irfft, library, rfft

needs_ducc0 = pytest.mark.skipif(find_spec("ducc0") is None, reason="needs ducc0, the extra [fast]")


def told(program: str, **environment: str) -> str:
    """What a fresh process prints: the choice is made once in each."""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={**os.environ, **environment}
    )
    return done.stdout.strip()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n", [16, 1024, 1 << 13])
def test_a_transform_and_its_inverse_are_those_of_the_definition(n: int, dtype: type) -> None:
    rows = np.random.default_rng(0).standard_normal((2, 3, n)).astype(dtype)
    spectra = rfft(rows)
    k = np.arange(0, n // 2 + 1, max(1, n // 50))
    # the angle within one turn: n k / N has long lost its fraction's last bits where it is large
    angles = -2 * np.pi * (np.outer(np.arange(n), k) % n).astype(np.longdouble) / n
    expected = (rows.astype(np.longdouble)[..., None] * np.exp(1j * angles)).sum(axis=-2)
    bound = 4 * np.finfo(dtype).eps * np.log2(n) * np.linalg.norm(rows.astype(float), axis=-1).max()
    assert spectra.shape == (2, 3, n // 2 + 1)
    assert spectra.dtype == (np.complex128 if dtype is np.float64 else np.complex64)
    assert np.abs(spectra[..., k] - expected).max() <= bound
    back = irfft(spectra, n)
    assert back.dtype == dtype
    assert np.abs(back - rows).max() <= 8 * np.finfo(dtype).eps * np.log2(n)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_scipys_compiled_transforms_called_directly_are_scipys_to_the_last_bit(dtype: type) -> None:
    program = f"""
import sys
import numpy as np
from pipeline.dsp.transforms import irfft, rfft
rows = np.random.default_rng(1).standard_normal((3, 4096)).astype(np.{dtype.__name__})
spectra = rfft(rows)
direct = spectra.tobytes() + irfft(spectra.copy(), 4096).tobytes()
before = "scipy.fft" in sys.modules
from scipy import fft
print(before, direct == fft.rfft(rows).tobytes() + fft.irfft(spectra, 4096).tobytes())
"""
    assert told(program, FALTUNG_FFT="scipy") == "False True"


def test_a_scipy_that_keeps_its_transforms_elsewhere_is_called_as_it_is() -> None:
    program = """
import sys
import numpy as np
from pipeline.dsp import transforms
transforms._POCKETFFT = "scipy.fft._pocketfft.elsewhere"
rows = np.arange(16.0).reshape(2, 8)
out, back = np.empty((2, 5), complex), np.empty((2, 8))
given = transforms.irfft(transforms.rfft(rows, out=out), 8, out=back)
print("scipy.fft" in sys.modules, given is back, np.allclose(back, rows))
"""
    assert told(program, FALTUNG_FFT="scipy") == "True True True"


def test_threads_that_ask_first_at_once_wait_for_one_that_loads() -> None:
    """A module stands in sys.modules for a while before it is filled, and just then the other threads ask."""
    program = """
import sys, time
from threading import Barrier, Thread
from types import ModuleType
import numpy as np
from pipeline.dsp import transforms

making, loads, found, start = transforms.module_from_spec, [], [], Barrier(4)

def slowly(spec):
    loads.append(spec.name)
    sys.modules[spec.name] = ModuleType(spec.name)
    time.sleep(0.3)
    sys.modules[spec.name] = made = making(spec)
    return made

def ask():
    start.wait()
    found.append(transforms.rfft(np.ones(8))[0].real)

transforms.module_from_spec = slowly
threads = [Thread(target=ask) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(loads), *found)
"""
    assert told(program, FALTUNG_FFT="scipy") == "1 8.0 8.0 8.0 8.0"


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_transforms_are_put_where_they_are_asked_for(dtype: type) -> None:
    rows = np.random.default_rng(2).standard_normal((2, 2, 64)).astype(dtype)
    room = np.full((2, 3, 33), 7, rfft(rows).dtype)
    rfft(rows, out=room[:, :2])
    assert room[:, :2].tobytes() == rfft(rows).tobytes()
    assert (room[:, 2] == 7).all()
    back = np.full((2, 3, 64), 7, dtype)
    irfft(room[:, :2].copy(), 64, out=back[:, :2])
    assert back[:, :2].tobytes() == irfft(rfft(rows), 64).tobytes()
    assert (back[:, 2] == 7).all()


def test_a_backend_set_under_scipy_is_honoured() -> None:
    program = """
import numpy as np, scipy.fft
from scipy.fft import _basic_backend
class Backend:
    __ua_domain__ = "numpy.scipy.fft"
    calls = []
    @classmethod
    def __ua_function__(cls, method, args, kwargs):
        cls.calls.append(method.__name__)
        return getattr(_basic_backend, method.__name__)(*args, **kwargs)
scipy.fft.set_global_backend(Backend, only=False)
from pipeline import convolve
from pipeline.dsp.transforms import library
convolve(np.ones(5000), np.ones(1000))
print(library(), sorted(set(Backend.calls)))
"""
    assert told(program) == "scipy ['irfft', 'rfft']"


def test_scipy_computes_where_nothing_else_is_installed_or_asked_for() -> None:
    program = "from pipeline.dsp.transforms import library; print(library())"
    assert told(program, FALTUNG_FFT="scipy") == "scipy"
    if find_spec("ducc0") is None:
        assert library() == told(program) == "scipy"


@needs_ducc0
def test_ducc0_computes_where_it_is_installed() -> None:
    assert told("from pipeline.dsp.transforms import library; print(library())") == "ducc0"
    assert told("import scipy.fft; from pipeline.dsp.transforms import library; print(library())") == "ducc0"


@needs_ducc0
def test_the_promises_hold_with_ducc0_and_without() -> None:
    for chosen in ("", "scipy"):
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "tests/promises",
            "tests/engine",
            "tests/dsp/test_scores.py",
        ]
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "FALTUNG_FFT": chosen})
        assert done.returncode == 0, done.stdout[-2000:]
