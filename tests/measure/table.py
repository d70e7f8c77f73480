"""The tables of docs/measuring.md, measured again: ``python -m tests.measure.table [rooms|codecs|speech|time|all]``.

Everything played, heard and disturbed here is made by tests/measure/rooms.py, the answer being known.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import faltung_measure
import numpy as np
import soundfile as sf

import pipeline
from tests.measure.rooms import allowed_db, distorted, error_db, played_in, recorded, rooms

BAND = (60.0, 18_000.0)

CASES: list[dict[str, Any]] = [
    *({"rt": rt} for rt in (0.3, 0.8, 2.0, 8.0)),
    {"rt": 0.8, "method": "inverse"},
    {"rt": 0.8, "mics": 2},
    {"rt": 0.8, "sources": 2, "mics": 2},
    *({"rt": rt, "noise": db} for rt in (0.3, 0.8, 2.0, 8.0) for db in (-60, -40, -20)),
    *({"rt": 0.8, "noise": db, "repeats": 3} for db in (-60, -40, -20)),
    {"rt": 0.8, "sources": 2, "mics": 2, "noise": -40, "repeats": 3, "ppm": 30},
    *({"rt": 0.5, "distortion": d} for d in (0.001, 0.01, 0.1)),
    *({"rt": 0.8, "ppm": ppm} for ppm in (1, 3, 10, 30, 100, -100)),
    *({"rt": 0.8, "ppm": ppm, "repeats": 3, "noise": -60} for ppm in (0, 3, 30, -100)),
    {"rt": 8.0, "ppm": 30},
    *({"rt": 0.8, "lead": lead} for lead in (0.0, 10.0, 60.0)),
    *({"rt": 0.8, "fs": fs, "ppm": 30} for fs in (44_100, 88_200, 96_000)),
]


def case(
    rt: float, *, fs: int = 48_000, sources: int = 1, mics: int = 1, noise: float | None = None, repeats: int = 1,
    distortion: float = 0.0, ppm: float = 0.0, lead: float = 0.7, method: Any = "division",
) -> dict[str, Any]:  # fmt: skip
    """One room measured; what was found, beside what it is."""
    names = ["left", "right"][:sources]
    sweep = faltung_measure.sweep(fs=fs, length=10, silence=1.2 * rt + 0.3, repeats=repeats, channels=names)
    h = rooms(rt, fs, sources, mics, seed=round(10 * rt), direct_db=-6 if rt > 1 else 0)
    x = sweep.signal()
    y, hiss = recorded(
        distorted(x, distortion, sweep.level) if distortion else x, h, fs, lead_s=lead, ppm=ppm, noise_db=noise
    )
    began, worked = time.perf_counter(), time.process_time()
    made = faltung_measure.measure_room(y, sweep, method=method)
    took, worked = time.perf_counter() - began, time.process_time() - worked
    error = error_db(made.taps, h, fs, BAND, fit_gain=bool(distortion))
    return {
        "error": error, "allowed": None if noise is None else allowed_db(hiss, sweep, round(made.cut_s * fs), h, BAND),
        "ppm": made.drift_ppm[0] - ppm, "cut": made.cut_s, "t30": made.paths[0].mid("t30_s"),
        "distortion": made.distortion_db, "took": took, "worked": worked,
    }  # fmt: skip


def rooms_table() -> Iterator[str]:
    yield "| room | error | the noise alone | drift off by | T30 at 1 kHz | distortion | cut at |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for given in CASES:
        got = case(**given)
        words = {
            "fs": "{} Hz", "sources": "{} sources", "mics": "{} mics", "noise": "noise {} dB", "repeats": "{} sweeps",
            "distortion": "distortion {:.1%}", "ppm": "{:+} ppm", "lead": "lead {} s", "method": "{}",
        }  # fmt: skip
        name = ", ".join([f"{given['rt']} s", *(words[k].format(v) for k, v in given.items() if k != "rt")])
        off = round(got["ppm"], 4)
        cells = [
            name, f"{got['error']:.1f} dB", "" if got["allowed"] is None else f"{got['allowed']:.1f} dB",
            f"{off:+.4f} ppm" if off else "0.0000 ppm", "" if got["t30"] is None else f"{got['t30']:.3f} s",
            "" if got["distortion"] is None else f"{got['distortion']:.1f} dB", f"{got['cut']:.2f} s",
        ]  # fmt: skip
        yield f"| {' | '.join(cells)} |"


def codecs_table() -> Iterator[str]:
    """A recording sent through what phones and programs do to it."""
    fs, rt = 48_000, 0.8
    sweep = faltung_measure.sweep(fs=fs, length=10, silence=1.5, repeats=2)
    h = rooms(rt, fs, 1, 1, seed=8)
    y, _ = recorded(sweep.signal(), h, fs)
    back = "ffmpeg -v error -y -i {} -ar 48000 -c:a pcm_f32le out.wav"
    ways = {
        "ffmpeg to 44.1 kHz and back": ("ffmpeg -v error -y -i in.wav -ar 44100 -c:a pcm_f32le a.wav", back),
        "sox to 44.1 kHz and back": ("sox in.wav -r 44100 -b 32 -e float a.wav", "sox {} -r 48000 -e float out.wav"),
        "16 bits": ("sox -D in.wav -b 16 -e signed a.wav", back),
        "Opus, 128 kbit/s": ("ffmpeg -v error -y -i in.wav -c:a libopus -b:a 128k a.ogg", back),
        "Opus, 32 kbit/s": ("ffmpeg -v error -y -i in.wav -c:a libopus -b:a 32k a.ogg", back),
        "MP3, 128 kbit/s": ("ffmpeg -v error -y -i in.wav -c:a libmp3lame -b:a 128k a.mp3", back),
    }
    yield "| what was done to the recording | what comes out |"
    yield "| --- | --- |"
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        sf.write(place / "in.wav", 0.5 * y, fs, subtype="FLOAT")
        for name, commands in ways.items():
            made = commands[0].split()[-1]
            for command in commands:
                subprocess.run(command.format(made).split(), cwd=place, check=True, capture_output=True)
            heard, _ = sf.read(place / "out.wav", always_2d=True)
            yield f"| {name} | {outcome(heard, sweep, h, fs)} |"
    late = sweep.starts[0][1] + round(2.0 * fs)
    changes = {
        "one sample late from the second sweep on": np.insert(y, late, 0.0, axis=0),
        "one sample late between the sweeps": np.insert(y, sweep.starts[0][1], 0.0, axis=0),
        "1024 samples lost": np.delete(y, np.s_[late : late + 1024], axis=0),
        "every sample half as large in steps of 8 bits": np.round(y * 64) / 128,
    }
    for name, heard in changes.items():
        yield f"| {name} | {outcome(heard, sweep, h, fs)} |"


def outcome(y: np.ndarray, sweep: Any, h: np.ndarray, fs: int) -> str:
    try:
        made = faltung_measure.measure_room(y, sweep)
    except pipeline.FaltungError as error:
        return f"refused: {str(error).removeprefix('recording: ').partition(';')[0]}"
    t30 = made.paths[0].mid("t30_s")
    wide = error_db(made.taps, h, fs, BAND, fit_gain=True)
    low = error_db(made.taps, h, fs, (60, 4000), fit_gain=True)
    told = "".join(f"; taken for {text.partition(':')[0]}" for text in made.warnings)
    stated = "not stated" if t30 is None else f"{t30:.3f} s"
    return f"{wide:.1f} dB, to 4 kHz {low:.1f} dB; drift {made.drift_ppm[0]:+.4f} ppm; T30 {stated}{told}"


def speech_table() -> Iterator[str]:
    """Speech in the measured room by `reverb` against speech in the true room."""
    voice = Path(__file__).parents[3] / "shared" / "data" / "speech" / "p286_011.wav"
    x, fs = sf.read(voice) if voice.exists() else sf.read(Path(__file__).parents[2] / "data" / "speech_like.wav")
    yield "| room | error of the response | error of the speech in it |"
    yield "| --- | --- | --- |"
    with tempfile.TemporaryDirectory() as folder:
        for rt, noise, ppm in ((0.8, None, 0), (0.8, -60, 30), (2.0, -40, -100)):
            sweep = faltung_measure.sweep(
                fs=fs, length=10, to_hz=min(20_000, 0.45 * fs), silence=1.2 * rt + 0.3, repeats=3
            )
            h = rooms(rt, fs, 1, 2, seed=5)
            y, _ = recorded(sweep.signal(), h, fs, noise_db=noise, ppm=ppm)
            made = faltung_measure.measure_room(y, sweep, Path(folder) / "room.wav", overwrite=True)
            wet = pipeline.Pipeline([pipeline.Reverb(ir=Path(folder) / "room.wav", normalize="none")])(x, fs=fs)
            true = played_in(x[:, None], h)
            band = (60, min(18_000, 0.4 * fs))
            response, speech = error_db(made.taps, h, fs, band), error_db(wet, true, fs, band)
            name = f"{rt} s, {'no noise' if noise is None else f'noise {noise} dB'}, {ppm:+} ppm"
            yield f"| {name} | {response:.1f} dB | {speech:.1f} dB |"


def time_table() -> Iterator[str]:
    """Seconds from recording to response and figures."""
    yield "| what | seconds | of a processor's time |"
    yield "| --- | --- | --- |"
    for name, given in {
        "3 sweeps of 10 s, stereo, 48 kHz": {"mics": 2, "repeats": 3, "ppm": 30, "noise": -60},
        "3 sweeps of 10 s of two sources, stereo, 48 kHz": {
            "sources": 2,
            "mics": 2,
            "repeats": 3,
            "ppm": 30,
            "noise": -60,
        },
    }.items():
        best = min((case(0.8, **given) for _ in range(3)), key=lambda got: got["took"])
        yield f"| {name} | {best['took']:.1f} | {best['worked']:.1f} |"


TABLES = {"rooms": rooms_table, "codecs": codecs_table, "speech": speech_table, "time": time_table}

if __name__ == "__main__":
    asked = sys.argv[1:] or ["all"]
    for name, table in TABLES.items():
        if name in asked or "all" in asked:
            print(f"\n{name}\n", flush=True)
            for line in table():
                print(line, flush=True)
