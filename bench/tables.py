"""Times a table: 216,000 rows with times, smoothed and written again, beside the same by pandas and scipy."""

from __future__ import annotations

import csv
import sys
from dataclasses import asdict
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from .peers import faltung_command
from .report import Goal, Section, seconds, table
from .settings import Settings
from .timing import CommandError, Contender, interleaved, median_processor, median_ratio, median_wall, peak_mb

__all__ = ["check_rows", "measure", "write_rows"]

ROWS = 216_000
"""Two and a half days, a value a second."""
WINDOW = 601
OURS, PANDAS = "faltung", "pandas and scipy"
TOLERANCE = 1e-5
"""Of the largest value; the rows hold six decimals."""

_SCRIPT = Path(__file__).with_name("scripts") / "pandas_smooth.py"
_SEED = 20_243
_CONFIG = f"""\
version: 1
time_column: time
tail: trim
stages:
- {{use: smooth, window: hann, length: {WINDOW} samples}}
"""


def measure(settings: Settings) -> Section:
    """The table by each program; what they write is compared, row by row."""
    folder = settings.folder
    source = write_rows(folder / "rows.csv", ROWS)
    (folder / "smooth.yaml").write_text(_CONFIG, "utf-8")
    output, first = folder / "smooth.csv", list[np.ndarray]()
    command = faltung_command("run", "smooth.yaml", source.name, "-o", output.name, "--overwrite", "-q")
    check = partial(check_rows, output, ROWS, first)
    contenders = [Contender(OURS, command, output, check=check)]
    if find_spec("pandas") is not None:
        script = [sys.executable, str(_SCRIPT), str(WINDOW), source.name, output.name]
        contenders.append(Contender(PANDAS, script, output, check=check))
    runs = interleaved(contenders, settings.runs, settings.budget.left, settings.say, folder)
    for name, of_name in runs.items():
        settings.say(f"{name}: {seconds(median_wall(of_name))} s")
    ratio = median_ratio(runs, OURS, [PANDAS])
    text = f"{ROWS:,} rows with times: at most the time of {PANDAS}"
    goal = Goal(text, "not run" if ratio is None else f"{ratio:.2f}", None if ratio is None else ratio <= 1)
    rows = [
        (n, seconds(median_wall(r)), seconds(median_processor(r)), f"{peak_mb(r) or 0:.0f}") for n, r in runs.items()
    ]
    said = (
        f"CSV with times in ISO 8601 and a value, a Hann window of {WINDOW} rows; medians; rounds: {len(runs[OURS])}."
    )
    body = f"{said}\n\n{table(('', 'wall s', 'processor s', 'peak MB'), rows)}"
    return Section("Tables", body, [goal], {name: [run and asdict(run) for run in of] for name, of in runs.items()})


def write_rows(path: Path, count: int) -> Path:
    """Write a table of times, a second apart, and values."""
    times = np.datetime_as_string(np.datetime64("2024-03-01T00:00:00") + np.arange(count).astype("timedelta64[s]"))
    values = 20 + np.random.default_rng(_SEED).standard_normal(count).cumsum() * 0.01
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["time", "value"])
        rows.writerows((time.replace("T", " "), f"{value:.6f}") for time, value in zip(times, values, strict=True))
    return path


def check_rows(path: Path, count: int, first: list[np.ndarray]) -> None:
    """Hold what was written to the ``first`` that was; raises `CommandError` where a row is another."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        found = [(time, float(value)) for time, value in rows]
    values = np.array([value for _, value in found])
    if len(found) != count or found[-1][0][:10] <= found[0][0][:10]:
        raise CommandError(f"wrote {len(found)} rows of {count}, {found[0][0]} to {found[-1][0]}")
    first.append(values)
    off = float(np.abs(values - first[0]).max() / np.abs(first[0]).max())
    if off > TOLERANCE:
        raise CommandError(f"wrote other values than the first program: off by {off:.1e} of the largest")
