"""A day of MiniSEED searched for one template: time, memory, and the error of every planted event, beside other ways.

Three channels of 100 Hz in records of 512 bytes, with gaps and a clock that drifts 4 s over the day: each record begins
where its header says, which is what an event's time is held against. ``python -m bench.seismic_day`` runs faltung,
ObsPy and EQcorrscan (as far as they are installed), each a process of its own that reads the day and writes the times
of what it found. EQcorrscan 0.5.2 fails with ObsPy 1.5; ``--with EQcorrscan=PYTHON`` names an interpreter with 1.4.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from .report import table
from .timing import CommandError, run_once

FS, CHANNELS, EACH = 100.0, "ENZ", 300
"""Rate in Hz, channels, samples of a record: as many as surely fit into 512 bytes."""
DRIFT_S = 4.0
GAPS = ((2.5, 1.37), (7.0, 61.003), (13.2, 0.018), (18.9, 1800.0))
"""Hour before which time is missing, and seconds of it."""
TEMPLATE, PLANTED = 600, 48
WAYS = {"faltung": "faltung_seismic", "ObsPy": "obspy", "EQcorrscan": "eqcorrscan"}
START_NS = int(datetime(2024, 3, 1, tzinfo=UTC).timestamp()) * 10**9

_SCRIPT = Path(__file__).with_name("scripts") / "seismic_ways.py"


def written(folder: Path, hours: float = 24.0, seed: int = 7) -> tuple[Path, Path, list[int]]:
    """A day, the template that was planted in it, and the true nanoseconds of every copy."""
    draw = np.random.default_rng(seed)
    count = int(hours * 3600 * FS) // EACH
    template = (draw.standard_normal((TEMPLATE, 3)) * np.hanning(TEMPLATE)[:, None] * 3000).astype(np.int32)
    times, at = list[int](), START_NS
    for record in range(count):
        gap = sum(s for hour, s in GAPS if record == int(hour / 24 * count))
        at += round(gap * 1e9)
        times.append(at)
        at += round(EACH / FS * (1 + DRIFT_S / 86_400) * 1e9)
    places = np.linspace(1000, count * EACH - 2000, PLANTED).astype(int)
    places = places[[_in_one_piece(times, place) for place in places]]
    signal = (draw.standard_normal((count * EACH, 3)) * 800).astype(np.int32)
    for place in places:
        signal[place : place + TEMPLATE] += template
    day, event = folder / "day.mseed", folder / "event.mseed"
    with day.open("wb") as file:
        for record, ns in enumerate(times):
            for c in range(3):
                file.write(_records(signal[record * EACH : (record + 1) * EACH, c], CHANNELS[c], ns))
    event.write_bytes(b"".join(_records(template[:, c], CHANNELS[c], START_NS) for c in range(3)))
    truth = [times[place // EACH] + round(place % EACH / FS * 1e9) for place in places.tolist()]
    return day, event, truth


def _in_one_piece(times: list[int], place: int) -> bool:
    """Whether no gap lies in a copy, and it ends before the recording does."""
    records = times[place // EACH : (place + TEMPLATE) // EACH + 2]
    return max(np.diff(records)) < 1.001e9 * EACH / FS


def _records(samples: np.ndarray, channel: str, ns: int) -> bytes:
    from pymseed import DataEncoding, MS3Record

    made = MS3Record()
    made.sourceid, made.samprate, made.reclen = f"FDSN:XX_DAY__H_H_{channel}", FS, 512
    made.formatversion, made.encoding, made.starttime = 2, DataEncoding.STEIM2, ns
    return b"".join(made.generate(data_samples=np.ascontiguousarray(samples), sample_type="i"))


def errors(found: list[int], truth: list[int]) -> tuple[list[float], int]:
    """Seconds by which each planted event is told wrongly, NaN where none is near; and how many others were found."""
    near = [min(found, key=lambda ns, at=at: abs(ns - at), default=None) for at in truth]
    wrong = [
        (ns - at) / 1e9 if ns is not None and abs(ns - at) < 10e9 else float("nan")
        for ns, at in zip(near, truth, strict=True)
    ]
    return wrong, len(found) - sum(not np.isnan(one) for one in wrong)


def main() -> int:
    """Make the day, run each way, print the table; the exit code is 1 if faltung missed what it promises."""
    made = argparse.ArgumentParser("python -m bench.seismic_day", description=__doc__.partition("\n")[0])
    made.add_argument("--hours", type=float, default=24.0, help="length of the recording: 24")
    made.add_argument("--with", action="append", default=[], dest="others", metavar="WAY=PYTHON",
                      help="interpreter that has a way, such as EQcorrscan=venv/bin/python")  # fmt: skip
    asked = made.parse_args()
    hours, others_of, kept = asked.hours, dict(one.split("=", 1) for one in asked.others), False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        day, event, truth = written(folder, hours)
        print(f"{day.stat().st_size / 1e6:.0f} MB, {hours:g} h of 3 channels at {FS:g} Hz, {len(truth)} planted events")
        rows = []
        for way, module in WAYS.items():
            if way not in others_of and find_spec(module) is None:
                rows.append([way, "not installed", "", "", "", ""])
                continue
            output = folder / "found.json"
            files = [str(day), str(event), str(output)]
            try:
                run = run_once([others_of.get(way, sys.executable), "-W", "ignore", str(_SCRIPT), way, *files], folder)
            except CommandError as error:
                rows.append([way, str(error), "", "", "", ""])
                continue
            wrong, others = errors(json.loads(output.read_text()), truth)
            met = np.abs([one for one in wrong if not np.isnan(one)])
            half = int(np.sum(met <= 0.5 / FS))
            rows.append([way, f"{run.wall_s:.1f}", f"{run.peak_mb:.0f}", f"{half} of {len(truth)}",
                         f"{met.max(initial=0):.6f}", str(others)])  # fmt: skip
            if way == "faltung":
                kept = half == len(truth) and others == 0 and run.peak_mb < 150
        head = ("way", "wall s", "peak MB", "within half a sample", "largest error s", "others")
        print(table(head, rows))
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
