"""Which library computes the transforms, that both compute the same ones, and a row the same bits wherever it is."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from pipeline.dsp import transforms
from pipeline.dsp.transforms import irfft, library, library_for, rfft, room_within, to_frames, to_rows
from pipeline.errors import UsageError

INSTALLED = find_spec("cv2") is not None
needs_opencv = pytest.mark.skipif(not INSTALLED, reason="needs opencv-python-headless, the extra [fast]")


def told(program: str, **environment: str) -> str:
    """What a fresh process prints: the choice is made once in each."""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={**os.environ, **environment}
    )
    return done.stdout.strip()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n", [16, 24, 256, 1024, 1 << 13])
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


def test_a_backend_set_under_scipy_computes_what_scipy_does() -> None:
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
    assert told(program, FALTUNG_FFT="scipy") == "scipy ['irfft', 'rfft']"


def test_what_scipy_computes_is_the_same_where_scipy_fft_is_loaded() -> None:
    program = """
import numpy as np
from pipeline.dsp.transforms import irfft, rfft
rows = np.random.default_rng(5).standard_normal((3, 4096))
print(irfft(rfft(rows) * rfft(rows), 4096).tobytes().hex()[:4000])
"""
    alone = told(program, FALTUNG_FFT="scipy")
    assert alone == told(f"import scipy.fft\n{program}", FALTUNG_FFT="scipy")


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(("dtype", "into"), [("f4", "f4"), ("f8", "f8"), ("f4", "f8"), (">f4", "f4"), ("i2", "f4")])
def test_samples_are_moved_between_frames_and_rows_bit_for_bit(channels: int, dtype: str, into: str) -> None:
    draw = np.random.default_rng(channels)
    frames = draw.integers(-9999, 9999, (999, channels)).astype(dtype)
    if frames.dtype.kind == "f":
        frames[::7], frames[1::7], frames[2::7] = np.nan, -0.0, 1e-30
    frames.flags.writeable = False  # as what is read from a file is
    rows = np.full((channels, 1200), 7, into)
    for given in (frames, frames[::-1], frames[100:101], np.asfortranarray(frames), frames[:, ::-1]):
        expected = rows.copy()
        expected[:, 30 : 30 + len(given)] = given.T
        to_rows(given, rows[:, 30 : 30 + len(given)])
        assert rows.tobytes() == expected.tobytes()
    blocks = draw.standard_normal((channels, 5, 300)).astype(dtype)
    for count, start in ((5, 45), (1, 0), (3, 299)):
        out = np.empty((count, 300 - start, channels), into)
        to_frames(blocks[:, :count, start:], out)
        assert out.tobytes() == np.moveaxis(blocks[:, :count, start:], 0, -1).astype(into).tobytes()


def at(rows: np.ndarray, offset: int, gap: int) -> np.ndarray:
    """The rows in memory of their own that begins so many numbers behind a cache line, so far from each other."""
    count, n = rows.shape
    room = np.zeros(count * (n + gap) + 64 + offset, rows.dtype)
    start = -room.ctypes.data % 64 // rows.itemsize + offset
    placed = room[start : start + count * (n + gap)].reshape(count, n + gap)[:, :n]
    placed[:] = rows
    return placed


ROW_SIZES = [
    *(2**k for k in range(1, 14)),
    *(3, 24, 100, 320, 960, 1001),
    *(pytest.param(2**k, marks=pytest.mark.long) for k in range(14, 20)),
]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n", ROW_SIZES)
def test_the_bits_of_a_row_depend_on_nothing_but_the_row(n: int, dtype: type) -> None:
    """Neither on the rows beside it, nor on its place among them, nor on where they lie in memory: promise P1."""
    rows = np.random.default_rng(n).standard_normal((9, n)).astype(dtype)
    alone = [rfft(row) for row in rows]
    back = [irfft(spectrum.copy(), n).tobytes() for spectrum in alone]
    expected = [spectrum.tobytes() for spectrum in alone]
    for count in (1, 2, 3, 4, 5, 8, 9):
        for offset in (0, 1, 2, 3, 5, 8, 13):
            placed = at(rows[9 - count :], offset, gap=offset % 3)
            spectra = at(np.zeros((count, n // 2 + 1), alone[0].dtype), offset // 2, gap=offset % 4)
            rfft(placed, out=spectra)
            assert [row.tobytes() for row in spectra] == expected[9 - count :]
            out = at(np.zeros((count, n), dtype), offset + 1, gap=offset % 5)
            irfft(spectra, n, out=out)
            assert [row.tobytes() for row in out] == back[9 - count :]
            spectra = rfft(placed, out=at(np.zeros((count, n // 2 + 1), alone[0].dtype), offset // 2, gap=offset % 4))
            within = irfft(spectra, n, out=room_within(spectra, n))
            assert [row.tobytes() for row in within] == back[9 - count :]
    overlapping = np.lib.stride_tricks.sliding_window_view(rows[:2].ravel(), n)[:: max(1, n // 4)]
    assert [row.tobytes() for row in rfft(overlapping)] == [rfft(row.copy()).tobytes() for row in overlapping]
    cube = rfft(rows.reshape(3, 3, n)[:, :2])
    assert cube[2, 1].tobytes() == expected[7]


@needs_opencv
@pytest.mark.parametrize("shape", [(12,), (3, 4), (2, 3, 2), (3, 1, 4), (12, 1, 1), (1, 1, 3, 4)])
def test_rows_that_lie_evenly_are_transformed_in_one_call(
    shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call makes a plan, which takes as long as a row."""
    import cv2

    calls, dft = [], cv2.dft
    monkeypatch.setattr(transforms, "library", lambda: "opencv")
    monkeypatch.setattr(cv2, "dft", lambda rows, **how: calls.append(len(rows)) or dft(rows, **how))
    rows = np.random.default_rng(1).standard_normal((*shape, 512))
    np.testing.assert_allclose(irfft(rfft(rows), 512), rows, atol=1e-12)
    assert calls == [12, 12]


@needs_opencv
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_bits_do_not_depend_on_the_threads_that_opencv_may_use(dtype: str) -> None:
    program = f"""
import cv2, hashlib
import numpy as np
from pipeline.dsp.transforms import irfft, rfft
rows = np.random.default_rng(3).standard_normal((16, 1 << 14)).astype("{dtype}")
found = set()
for threads in (1, 2, 3, 8):
    cv2.setNumThreads(threads)
    spectra = rfft(rows)
    found.add(spectra.tobytes() + irfft(spectra, 1 << 14).tobytes())
print(len(found))
"""
    assert told(program, FALTUNG_FFT="opencv") == "1"


@needs_opencv
def test_lengths_that_opencv_does_not_compute_are_scipys_to_the_last_bit() -> None:
    program = """
import numpy as np
from pipeline.dsp.transforms import irfft, library_for, rfft
from scipy import fft
for n in (2, 16, 128, 255, 257, 960, 1001):
    rows = np.random.default_rng(n).standard_normal((3, n))
    spectra = rfft(rows)
    assert spectra.tobytes() == fft.rfft(rows).tobytes(), n
    assert irfft(spectra.copy(), n).tobytes() == fft.irfft(spectra, n).tobytes(), n
    assert library_for(n) == "scipy"
print(library_for(256), library_for(1 << 19))
"""
    assert told(program, FALTUNG_FFT="opencv") == "opencv opencv"


@needs_opencv
def test_opencv_has_one_thread_a_call_unless_the_program_had_loaded_it() -> None:
    program = "from pipeline.dsp.transforms import rfft; rfft(np.ones(512)); print(cv2.getNumThreads())"
    assert told(f"import numpy as np; {program.replace('print', 'import cv2; print')}", FALTUNG_FFT="") == "1"
    assert told(f"import numpy as np, cv2; cv2.setNumThreads(3); {program}", FALTUNG_FFT="") == "3"


@pytest.mark.parametrize("asked", ["fftw", "OpenCV", "1"])
def test_another_name_of_a_library_is_refused(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FALTUNG_FFT", asked)
    with pytest.raises(UsageError, match=f"FALTUNG_FFT must be opencv or scipy, got '{asked}'"):
        library.__wrapped__()


def test_a_library_that_is_not_installed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FALTUNG_FFT", "opencv")
    monkeypatch.setattr(transforms, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"not installed; install faltung\[fast\], or set it to scipy"):
        library.__wrapped__()


def test_an_opencv_that_cannot_be_loaded_is_told_with_its_way_out(tmp_path: Path) -> None:
    (tmp_path / "cv2.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file')", "utf-8")
    program = """
import numpy as np
from pipeline import FaltungError, convolve
try:
    convolve(np.ones(5000), np.ones(1000))
except FaltungError as error:
    print(error)
"""
    expected = "opencv cannot be loaded: libGL.so.1: cannot open shared object file; install it again, or set "
    assert told(program, FALTUNG_FFT="", PYTHONPATH=str(tmp_path)) == f"{expected}FALTUNG_FFT=scipy"


def test_opencv_computes_where_it_is_installed_and_nothing_else_is_asked_for() -> None:
    program = "from pipeline.dsp.transforms import library; print(library())"
    assert told(program, FALTUNG_FFT="") == told(f"import scipy.fft; {program}", FALTUNG_FFT="")
    assert told(program, FALTUNG_FFT="") == ("opencv" if INSTALLED else "scipy")
    assert told(program, FALTUNG_FFT="scipy") == "scipy"
    assert library() == library_for(1024)


PROMISES = ["tests/promises", *(pytest.param(f"tests/{part}", marks=pytest.mark.long) for part in ("engine", "dsp"))]


@needs_opencv
@pytest.mark.skipif(library() == "scipy", reason="scipy's transforms are in use already")
@pytest.mark.parametrize("tests", PROMISES)
def test_the_promises_hold_without_opencv_too(tests: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tests]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "FALTUNG_FFT": "scipy"})
    assert done.returncode == 0, done.stdout[-2000:]
