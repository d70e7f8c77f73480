"""The contract kits of readers and writers: every frame or an error, nothing half-written, no descriptor left."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import FaltungError, UsageError
from pipeline.io.base import OutputFormat, Reader, ReadOptions, Writer, WriteRequest
from pipeline.io.formats import opened_reader, opened_writer
from pipeline.io.kinds import ReaderKind, WriterKind
from pipeline.io.source import open_source
from pipeline.kernel import Array
from pipeline.match.events import Event, Events
from pipeline.match.writers import EventKind

from .comparing import promise, without_error

_OTHERS = {
    "WAV": b"RIFF\x24\x00\x00\x00WAVEfmt ",
    "FLAC": b"fLaC\x00\x00\x00\x22",
    "text": b"time,value\n0,1.5\n0.1,2.5\n",
    "zeros": bytes(64),
    "an empty file": b"",
}
"""First bytes of files that are of no plugin."""


def check_reader(kind: ReaderKind, path: str | os.PathLike[str], expected: npt.ArrayLike, fs: float) -> None:
    r"""Run every check on a reader with one file whose content is known.

    The file has some hundred frames, best; ``expected`` are its samples, ``(frames, channels)``, in double precision.

    Examples
    --------
    >>> import numpy as np
    >>> from pipeline.io import ReaderKind, write_signal
    >>> x = np.arange(300.0)[:, None]
    >>> _ = write_signal("x.npy", x, 8000)
    >>> kind = ReaderKind("NPY", lambda head: head.startswith(b"\x93NUMPY"), "pipeline.io.arrays:ArrayReader")
    >>> check_reader(kind, "x.npy", x, 8000)
    """
    kind, source = replace(kind, plugin=f"the reader of {kind.container}"), Path(path)
    samples = np.asarray(expected, np.float64)
    _check_head(kind, source)
    with no_descriptor_left("reading a file, and closing the reader"):
        with without_error("a whole file is read", "the traceback above has its place in the reader"):
            _check_samples(kind, source, samples, fs)
        _check_cut_short(kind, source, samples)


def _check_head(kind: ReaderKind, path: Path) -> None:
    matches = kind.matches(path.read_bytes()[:4096])
    promise(matches is True, f"matches() is True for the first bytes of {path.name}, got {matches!r}")
    for name, head in _OTHERS.items():
        advice = "look for bytes that no other format begins with"
        promise(not kind.matches(head), f"matches() is False for {name}; {advice}")


def _read(kind: ReaderKind, path: Path, dtype: Any = np.float64, step: int = 1 << 16, skip: int = 0) -> Array:
    with _open(kind, path, dtype) as reader:
        reader.skip(skip)
        blocks = list(reader.blocks(step))
        empty = np.zeros((0, reader.info.channels), dtype)
    return np.concatenate([empty, *blocks])


@contextmanager
def _open(kind: ReaderKind, path: Path, dtype: Any = np.float64) -> Iterator[Reader]:
    source = open_source(path)
    try:
        reader = opened_reader(kind, source, ReadOptions(dtype=dtype, container=kind.container))
    except BaseException:
        source.close()
        raise
    with reader:
        yield reader


def _check_samples(kind: ReaderKind, path: Path, expected: Array, fs: float) -> None:
    with _open(kind, path) as reader:
        info = reader.info
    declared = (info.frames, info.channels, info.fs)
    shape = (*expected.shape, fs)
    promise(declared in (shape, (None, *shape[1:])), f"info declares frames, channels and fs {shape}, got {declared}")
    promise(info.container == kind.container, f"info.container is {kind.container!r}, got {info.container!r}")
    whole = _read(kind, path)
    same = whole.shape == expected.shape and np.array_equal(whole, expected)
    promise(same, f"{expected.shape} samples as given, got {whole.shape}, first {whole[:2].tolist()}; scale and order?")
    single = _read(kind, path, np.float32)
    promise(np.array_equal(single, expected.astype(np.float32)), "float32 samples are the float64 ones, rounded once")
    for step in (1, 7, 100, len(expected) + 1):
        got = _read(kind, path, step=step)
        promise(np.array_equal(got, whole), f"blocks of {step} frames give the same; keep the place between two reads")
    for skip in (1, len(expected) // 2, len(expected), len(expected) + 5):
        got = _read(kind, path, skip=skip)
        promise(np.array_equal(got, whole[skip:]), f"skip({skip}) goes on by so many frames, got {len(got)} after it")


def _check_cut_short(kind: ReaderKind, path: Path, expected: Array) -> None:
    """Nothing, a part, all but a byte: never fewer frames in silence, and no error without words."""
    data = path.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        short = Path(folder) / path.name
        for size in sorted({len(data) // 3, len(data) // 2, len(data) - 1}):
            short.write_bytes(data[:size])
            advice = "compare the size of the file with its header, and raise ReadError(name, why)"
            what = f"cut to {size} of {len(data)} bytes"
            try:
                got = len(_read(kind, short))
            except FaltungError as error:
                cause = error.__cause__
                foreign = error.of_plugin and not isinstance(cause, OSError | FaltungError | None)
                promise(not foreign, f"{what} it is a ReadError, got {cause!r}; {advice}")
            else:
                promise(False, f"{what} it is an error, got {got} of {len(expected)} frames and none; {advice}")


def check_writer(
    kind: WriterKind, read: Callable[[Path], Array], *, fs: float = 8000.0, channels: int = 2, tolerance: float = 0.0
) -> None:
    """Run every check on a writer, with a rate in Hz and a number of channels that it takes.

    ``read`` gives the samples ``(frames, channels)`` of a file that was written, each within ``tolerance``.

    Examples
    --------
    >>> import numpy as np
    >>> from pipeline.io import WriterKind, read_signal
    >>> kind = WriterKind("NPY", (".npy",), "pipeline.io.arrays:NpyWriter", is_table=True)
    >>> check_writer(kind, lambda path: np.load(path))
    """
    kind = replace(kind, plugin=f"the writer of {kind.container}")
    x = np.random.default_rng(1).uniform(-0.9, 0.9, (401, channels))
    with tempfile.TemporaryDirectory() as name, no_descriptor_left("writing a file"):
        folder, advice = Path(name), "the traceback above has its place"
        for frames in (401, 1, 0):
            path = folder / f"{frames}{kind.extensions[0]}"
            with without_error(f"{frames} frames are written", advice):
                _write(kind, path, x[:frames], fs, 401)
            with without_error(f"{frames} frames are read back", "do count, size and header agree?"):
                got = np.asarray(read(path))
            near = got.shape == (frames, channels) and bool(np.all(np.abs(got - x[:frames]) <= tolerance))
            told = f"{frames} frames are read back within {tolerance}"
            promise(near, f"{told}, got shape {got.shape}; count, scale, order?")
        with without_error("the same is written again, in blocks, and over another file", advice):
            _check_repeats(kind, folder, x, fs)
            _check_atomic(kind, folder, x, fs)


def _begin(kind: WriterKind, path: Path, x: Array, fs: float, overwrite: bool = False) -> Writer:
    channels, fmt = x.shape[1], OutputFormat()
    return opened_writer(kind, WriteRequest(str(path), fs, channels, None, None, fmt, overwrite, kind.container))


def _write(kind: WriterKind, path: Path, x: Array, fs: float, step: int) -> bytes:
    with _begin(kind, path, x, fs) as writer:
        for start in range(0, len(x), step):
            writer.write(x[start : start + step])
        writer.commit()
    promise(path.is_file(), f"commit() gives the file its name; put what open_sink({path.name!r}) gives into outputs")
    return path.read_bytes()


def _check_repeats(kind: WriterKind, folder: Path, x: Array, fs: float) -> None:
    ending = kind.extensions[0]
    one, again, cut = (_write(kind, folder / f"{i}-again{ending}", x, fs, step) for i, step in enumerate((401, 401, 7)))
    promise(one == again, "the same signal gives the same bytes; leave times, names and random numbers out")
    promise(one == cut, "blocks of 7 frames give the same bytes; write nothing of a block's own length")


def _check_atomic(kind: WriterKind, folder: Path, x: Array, fs: float) -> None:
    path = folder / f"held{kind.extensions[0]}"
    before = sorted(folder.iterdir())
    with _begin(kind, path, x, fs) as writer:
        writer.write(x)
        writer.finish()
        promise(not path.exists(), "nothing has the name before commit(); write through open_sink(request.path, ...)")
    left = [one.name for one in sorted(folder.iterdir()) if one not in before]
    promise(not left, f"what is not committed is forgotten, got {left}; put every sink into outputs")
    path.write_bytes(b"what stood there")
    refused = False
    try:
        _begin(kind, path, x, fs).abort()
    except UsageError:
        refused = True
    promise(refused, "a name that is taken is refused; give request.overwrite to open_sink")
    with _begin(kind, path, x, fs, overwrite=True) as writer:
        writer.write(x)
    promise(path.read_bytes() == b"what stood there", "what stood under the name stays until commit(); "
            "write through open_sink, to nothing else")  # fmt: skip


def check_events_writer(kind: EventKind, count: Callable[[bytes], int]) -> None:
    """Run every check on a writer of events; ``count`` says how many events its bytes hold.

    Examples
    --------
    >>> import json
    >>> from pipeline.match.writers import EventKind
    >>> names = EventKind("names", (".names",), lambda searches: json.dumps(
    ...     [event.template for search in searches for event in search]).encode())
    >>> check_events_writer(names, lambda data: len(json.loads(data)))
    """
    from pipeline.io.kinds import loaded

    encode = loaded(kind.encode)
    for names in ((), ("call",), ("call", "a,b;\t'\"<&>", "two\nlines", "émile 鳥")):
        searches = [_events(names)]
        with without_error(f"{len(names)} events called {names} are encoded", "a name may hold any letters"):
            data, again = encode(searches), encode(searches)
        promise(isinstance(data, bytes), f"it gives bytes, got {type(data).__name__}")
        promise(count(data) == len(names), f"{len(names)} events called {names}, got {count(data)}; escape the names")
        promise(again == data, "the same events give the same bytes; leave times and random numbers out")
    if not kind.one_recording:
        got = count(encode([_events(("call", "song")), _events(("call",))]))
        promise(got == 3, f"two recordings with 2 events and 1 are 3, got {got}; go through all, or say one_recording")


def _events(names: Sequence[str]) -> Events:
    rows = tuple(
        Event("x.wav", name, 0, i * 0.5, i * 0.5 + 0.25, i * 4000, i * 0.5 + 0.2, 0.9, "positive", 0.0, "ok", None)
        for i, name in enumerate(names)
    )
    fixed: dict[str, Any] = {"thresholds": np.zeros((1, 1)), "how": "none", "unscored": (), "band": (0.0, 4000.0)}
    counts: dict[str, Any] = {"candidates": len(rows), "decoys": None, "false_alarms_per_hour": None}
    return Events(file="x.wav", fs=8000.0, frames=80_000, templates=tuple(names), events=rows, **fixed, **counts)


@contextmanager
def no_descriptor_left(doing: str) -> Iterator[None]:
    """Raise `AssertionError` if more descriptors are open after the block than before."""
    before = _descriptors()
    yield
    left = _descriptors() - before
    promise(not left, f"{doing} leaves no descriptor open, got {len(left)}; close them in close(), and where it fails")


def _descriptors() -> set[int]:
    """Open descriptors among the first thousand."""
    found = set()
    for number in range(1024):
        with suppress(OSError):
            os.fstat(number)
            found.add(number)
    return found
