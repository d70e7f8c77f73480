"""Times live use: how long each hop takes to be answered, and how many frames pass before an impulse is heard.

The hops are convolved with a stereo response of 5 s, one after another as fast as they go, through
`Pipeline.stream` and, where it is installed, pedalboard; in stretches that take turns. Through a pipe,
``faltung run CONFIG - -o -`` is fed a hop at a time: an impulse must be heard as soon as the plan says, whatever
the clock does, so frames are counted there, not seconds.
"""

from __future__ import annotations

import json
import select
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from pipeline import Pipeline

from .agreement import compare, true_convolution
from .peers import faltung_command
from .report import Goal, Section, table
from .settings import Budget, Settings
from .signals import CHANNELS, FS, recording_blocks, response, write_response

__all__ = ["main", "measure", "results"]

SECONDS = 5
HOPS = (64, 128, 256)
GOAL_HOP, MEAN_MS, P99_MS = 128, 0.08, 0.15
SINGLE, DOUBLE, PEDALBOARD = "faltung, single", "faltung, double", "pedalboard"

_STRETCH = 500  # hops of one contender before the next has its turn
_STRETCHES = 12  # of each, at most
_LEAST = 3
_AHEAD = 4096  # frames fed before the impulse: more than is read to know the format, and less than pipes hold
_START = 5.0  # seconds for the program to start
_PATIENCE = 0.25  # seconds for a hop to come through the pipe
_FRAME = 4 * CHANNELS  # bytes, float32

Block = NDArray[np.float32]
Live = Callable[[Block], NDArray[np.floating]]


@dataclass(frozen=True)
class Hops:
    """Milliseconds that hops took."""

    mean: float
    p50: float
    p99: float
    longest: float
    count: int

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Hops:
        """From each hop's own."""
        ms = 1e3 * np.asarray(seconds)
        p50, p99 = np.quantile(ms, [0.5, 0.99])
        return cls(float(ms.mean()), float(p50), float(p99), float(ms.max()), len(ms))


@dataclass(frozen=True)
class Latency:
    """Frames from an impulse's own to the last that had to go in before it came out."""

    stated: int
    """By the plan: its latency, up to the end of the hop that holds it."""
    measured: int | None
    """None where it had not come out long after."""


def measure(settings: Settings) -> Section:
    """Every hop size, each contender; then the pipe."""
    found = results(settings)
    ms, pipes = found["hops"], found["pipe"]
    rows = [
        (str(hop), name, *(f"{value:.3f}" for value in (h.mean, h.p50, h.p99, h.longest)), f"{1e3 * hop / FS:.2f}")
        for hop, of_hop in ms.items()
        for name, h in of_hop.items()
    ]
    pipe_rows = [(str(h), str(p.stated), "never" if p.measured is None else str(p.measured)) for h, p in pipes.items()]
    body = (
        f"Stereo, a response of {SECONDS} s, milliseconds a hop. {found['peer']}\n\n"
        + table(("hop", "", "mean", "p50", "p99", "max", "time there is"), rows)
        + "\n\nThrough a pipe, frames from an impulse to the last that went in before it came out:\n\n"
        + table(("hop", "stated", "measured"), pipe_rows)
    )
    data = {
        "hops": {hop: {name: vars(h) for name, h in of_hop.items()} for hop, of_hop in ms.items()},
        "pipe": {hop: vars(p) for hop, p in pipes.items()},
    }
    return Section("Live", body, _goals(ms, pipes), data)


def results(settings: Settings | None = None) -> dict[str, Any]:
    """``hops``: `Hops` by hop and contender; ``pipe``: `Latency` by hop; ``peer``: what is to be said of pedalboard."""
    if settings is None:
        with tempfile.TemporaryDirectory(prefix="faltung-bench-") as folder:
            return results(Settings(Path(folder), say=lambda text: print(text, file=sys.stderr, flush=True)))
    hops: dict[int, Mapping[str, Hops]] = {}
    said = "pedalboard is not installed (Python package pedalboard)."
    for number, hop in enumerate(HOPS):
        hops[hop], gain = _timed(hop, settings, Budget(settings.budget.share(1, len(HOPS) - number)))
        if gain is not None:
            said = f"pedalboard agrees with the true convolution, but for a gain of {gain:.4g}."
        for name, h in hops[hop].items():
            settings.say(f"hop {hop}, {name}: mean {h.mean:.3f}, p99 {h.p99:.3f}, max {h.longest:.3f} ms")
    pipe = {hop: _through_a_pipe(hop, settings.folder) for hop in HOPS}
    for hop, latency in pipe.items():
        settings.say(f"hop {hop}, pipe: {latency.measured} frames, stated {latency.stated}")
    return {"hops": hops, "pipe": pipe, "peer": said}


def _timed(hop: int, settings: Settings, budget: Budget) -> tuple[dict[str, Hops], float | None]:
    """Each contender's hops, and the gain of pedalboard, once each gave the true convolution."""
    h = response(SECONDS * FS)
    x = next(recording_blocks(_STRETCH * hop)).astype(np.float32)
    true = true_convolution(x, h)
    contenders: dict[str, Live] = {SINGLE: _streamed(h, hop, "single"), DOUBLE: _streamed(h, hop, "double")}
    if find_spec("pedalboard") is not None:
        contenders[PEDALBOARD] = _pedalboard(h, hop)
    gain = None
    for name, answer in contenders.items():
        heard = np.concatenate([answer(block) for block in np.split(x, _STRETCH)])
        agreement = compare(true, heard, None if name == PEDALBOARD else (1.0,))
        if not agreement.agrees:
            raise RuntimeError(f"{name}, hop {hop}: {agreement}")
        gain = agreement.gain if name == PEDALBOARD else gain
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for stretch in range(_STRETCHES):
        if stretch >= min(_LEAST, settings.runs) and budget.left == 0:
            break
        for name, answer in contenders.items():
            for block in np.split(x, _STRETCH):
                began = time.perf_counter()
                answer(block)
                taken[name].append(time.perf_counter() - began)
    return {name: Hops.of(seconds) for name, seconds in taken.items()}, gain


def _streamed(h: Block, hop: int, precision: str) -> Live:
    """`Pipeline.stream`, given a block and asked for one, by turns."""
    pipe = Pipeline([{"use": "convolve", "taps": h.tolist()}], hop=hop, precision=precision)
    given: list[Block] = []

    def blocks() -> Iterator[Block]:
        while True:
            yield given.pop()

    stream = pipe.stream(blocks(), FS, CHANNELS)

    def answer(block: Block) -> NDArray[np.floating]:
        given.append(block)
        heard = next(stream)
        if len(heard) != len(block) or given:
            raise RuntimeError(f"{len(block)} frames in, {len(heard)} frames out")
        return heard

    return answer


def _pedalboard(h: Block, hop: int) -> Live:
    from pedalboard import Convolution

    convolution = Convolution(np.ascontiguousarray(h.T), mix=1.0, sample_rate=float(FS))
    return lambda block: convolution.process(block, float(FS), buffer_size=hop, reset=False)


def _through_a_pipe(hop: int, folder: Path) -> Latency:
    """Feed silence, an impulse and silence, a hop at a time, until the impulse comes out."""
    name = write_response(folder / "live.wav", SECONDS * FS).name
    config = folder / f"live-{hop}.yaml"
    settings = f"version: 1\nprecision: single\nhop: {hop}\nformat: {{subtype: FLOAT}}\n"
    config.write_text(f"{settings}stages:\n- {{use: convolve, file: {name}}}\n", "utf-8")
    at = _AHEAD // hop * hop + 5
    stated = -(-(at + Pipeline.from_yaml(config).plan(FS, CHANNELS).latency + 1) // hop) * hop - at
    command = faltung_command("run", str(config), "-", "-o", "-", "-q")
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    try:
        return Latency(stated, _heard_after(process.stdin, process.stdout, hop, at))
    finally:
        process.kill()
        process.communicate()


def _heard_after(source: IO[bytes], sink: IO[bytes], hop: int, at: int) -> int | None:
    """Frames that had gone in, counted from the impulse at frame ``at``, when it came out."""
    fed = at // hop * hop
    source.write(_endless_wav_header() + bytes(fed * _FRAME))
    heard, patience = b"", _START
    while fed < at + 2 * FS:
        block = np.zeros((hop, CHANNELS), "<f4")
        if fed <= at < fed + hop:
            block[at - fed] = 1
        source.write(block.tobytes())
        fed += hop
        while _frames(heard) < fed and select.select([sink], [], [], patience)[0]:
            heard += sink.read(1 << 20)
        if _frames(heard) > at:
            frame = heard[heard.find(b"data") + 8 + at * _FRAME :][:_FRAME]
            if not np.allclose(np.frombuffer(frame, "<f4"), response(SECONDS * FS)[0], atol=1e-6):
                raise RuntimeError(f"hop {hop}: what came out where the impulse went in is not the first tap")
            return fed - at
        patience = _PATIENCE if _frames(heard) else _PATIENCE / 100  # late already: only the count matters
    return None


def _frames(heard: bytes) -> int:
    """Whole frames behind a WAV header."""
    start = heard.find(b"data") + 8
    return max(0, len(heard) - start) // _FRAME if start >= 8 else 0


def _endless_wav_header() -> bytes:
    """Float32 WAV whose sizes say "unknown"."""
    fmt = struct.pack("<HHIIHH", 3, CHANNELS, FS, FS * _FRAME, _FRAME, 32)
    unknown = b"\xff" * 4
    return b"RIFF" + unknown + b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt + b"data" + unknown


def _goals(ms: Mapping[int, Mapping[str, Hops]], pipes: Mapping[int, Latency]) -> list[Goal]:
    ours, peer = ms[GOAL_HOP][SINGLE], ms[GOAL_HOP].get(PEDALBOARD)
    late = [hop for hop, p in pipes.items() if p.measured != p.stated]
    return [
        Goal(f"hop {GOAL_HOP}: mean under {MEAN_MS} ms", f"{ours.mean:.3f} ms", ours.mean < MEAN_MS),
        Goal(f"hop {GOAL_HOP}: p99 under {P99_MS} ms", f"{ours.p99:.3f} ms", ours.p99 < P99_MS),
        Goal(
            f"hop {GOAL_HOP}: faster than pedalboard",
            "-" if peer is None else f"{peer.mean / ours.mean:.1f} times, by the mean",
            None if peer is None else peer.mean > ours.mean,
        ),
        Goal(
            "through a pipe: heard as soon as the plan states",
            f"late at hop {', '.join(map(str, late))}" if late else "at every hop",
            not late,
        ),
    ]


def main(args: list[str]) -> int:
    """Measure and print; ``--json`` prints the figures for machines. Takes about a minute."""
    with tempfile.TemporaryDirectory(prefix="faltung-bench-") as folder:
        say = lambda text: print(text, file=sys.stderr, flush=True)  # noqa: E731
        section = measure(Settings(Path(folder), budget=Budget(60), say=say))
    print(json.dumps(section.data, indent=1) if "--json" in args else section.markdown(""))
    return 0
