"""Times batches: 2,000 files of half a second with one and with two workers, and other programs, a process a file.

16 kHz, mono, 16 bit in, float32 out; an echo and a hall of one second, which the others are given as one response.
Files a second are compared, so that the slow ones may do fewer. What a program writes is compared with the true
convolution; one that is wrong is no rival.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from pipeline.system import usable_processors

from .agreement import compare, true_convolution
from .peers import faltung_command
from .report import Goal, Section, table
from .settings import Settings
from .signals import response
from .timing import CommandError, Contender, Run, Runs, interleaved, median_processor, median_ratio, median_wall

__all__ = ["FILES", "Place", "files_a_second", "measure", "processor_by_thread", "write_place"]

FILES, FEW = 2_000, 100
FS, FRAMES, TAPS, DELAY = 16_000, 8_000, 16_000, 4_000
ONE, TWO, ALONE = "faltung --jobs 1", "faltung --jobs 2", "run_job in one process"
BARE = "a bare loop of soundfile, scipy and fsync"
BY_HAND = "two commands at once, half of the files each"
SOX, AFIR = "sox, a process a file", "ffmpeg afir, a process a file"
LEAST_GAIN = 1.8
MOST_OF_BARE = 0.8
_AT_WORK = 0.1
"""Of the time on the clock: a thread that takes less waits."""

_SCRIPTS = Path(__file__).with_name("scripts")
_SEED = 20_242
_CONFIG = f"""\
version: 1
input: in/*.wav
output: out/{{stem}}.wav
threads: 1
format: {{subtype: FLOAT}}
stages:
  - {{use: echo, delay: {DELAY} samples, gain: 0.5}}
  - {{use: reverb, ir: hall.wav}}
"""
LOOPS = {
    SOX: ("sox", '-V1 "in/$file" -e floating-point -b 32 "out/$file" fir whole.txt', (TAPS + DELAY - 1) // 2),
    AFIR: (
        "ffmpeg",
        '-nostdin -loglevel error -i "in/$file" -i whole.wav -lavfi afir=gtype=none -c:a pcm_f32le "out/$file"',
        0,
    ),
}
"""The program of each loop, its arguments for a file, and the frames by which its output comes early."""
_BOTH = "rm -f half-*.jsonl; {command} half-0.yaml -q & {command} half-1.yaml -q && wait $!"
_LOOP = "mkdir -p out; for file in $(ls in | head -n {few}); do {command} || exit 1; done"


@dataclass(frozen=True)
class Place:
    """A folder with inputs, a configuration, and the response of the whole of it for other programs."""

    folder: Path
    files: int
    few: int


def write_place(folder: Path, files: int = FILES, few: int = FEW) -> Place:
    """Write the inputs, all different, and what is done to them."""
    (folder / "in").mkdir(parents=True)
    draw = np.random.default_rng(_SEED)
    for number in range(files):
        soundfile.write(folder / f"in/{number:05d}.wav", draw.uniform(-0.1, 0.1, FRAMES), FS, "PCM_16")
    hall = response(TAPS)[:, 0]
    soundfile.write(folder / "hall.wav", hall, FS, "FLOAT")
    whole = whole_response(hall)
    soundfile.write(folder / "whole.wav", whole, FS, "FLOAT")
    np.savetxt(folder / "whole.txt", whole, "%.9g")
    (folder / "batch.yaml").write_text(_CONFIG, "utf-8")
    for half in (0, 1):
        names = "".join(f"\n  - in/{number:05d}.wav" for number in range(half, files, 2))
        text = _CONFIG.replace(" in/*.wav", names) + f"batch: {{manifest: half-{half}.jsonl}}\n"
        (folder / f"half-{half}.yaml").write_text(text, "utf-8")
    return Place(folder, files, min(few, files))


def whole_response(hall: NDArray[np.floating]) -> NDArray[np.floating]:
    """The echo and the hall as one."""
    whole = np.concatenate([hall, np.zeros(DELAY)])
    whole[DELAY:] += 0.5 * hall
    return whole


def measure(settings: Settings) -> Section:
    """The batches, and the loops that do the same."""
    place = write_place(settings.folder / "batch")
    contenders = [
        _batch(ONE, place),
        _batch(TWO, place),
        _contender(BY_HAND, ["sh", "-c", _BOTH.format(command=shlex.join(faltung_command("run")))], place, place.files),
        _contender(ALONE, _script("run_jobs.py", "batch.yaml", place), place, place.files),
        _contender(BARE, _script("bare_loop.py", "whole.wav", place), place, place.files),
    ]
    for name, (program, arguments, early) in LOOPS.items():
        if shutil.which(program) is None:
            settings.say(f"not installed: {program}")
            continue
        loop = ["sh", "-c", _LOOP.format(few=place.few, command=f"{program} {arguments}")]
        contenders.append(_contender(name, loop, place, place.few, early))
    files = {
        ONE: place.files,
        TWO: place.files,
        BY_HAND: place.files,
        ALONE: place.files,
        BARE: place.files,
        SOX: place.few,
        AFIR: place.few,
    }
    runs = interleaved(contenders, settings.runs, settings.budget.left, settings.say, place.folder)
    speeds = {name: files_a_second(of_name, files[name]) for name, of_name in runs.items()}
    for name, speed in speeds.items():
        settings.say(f"{name}: {_shown(speed)} files/s")
    threads = threads_of(place)
    shutil.rmtree(place.folder)
    data = {
        "runs": {name: [r and asdict(r) for r in of_name] for name, of_name in runs.items()},
        "files": files,
        "threads": threads,
    }
    return Section("Batches", _body(runs, speeds, files), _goals(runs, threads), data)


def _script(name: str, given: str, place: Place) -> list[str]:
    return [sys.executable, str(_SCRIPTS / name), given, "out", *_names(place)]


def _names(place: Place) -> list[str]:
    return [f"in/{path.name}" for path in sorted((place.folder / "in").iterdir())]


def _batch(name: str, place: Place) -> Contender:
    jobs = name.rpartition(" ")[2]
    return _contender(name, faltung_command("run", "batch.yaml", "-q", "--jobs", jobs), place, place.files)


def _contender(name: str, command: list[str], place: Place, files: int, early: int = 0) -> Contender:
    return Contender(name, command, check=partial(check_outputs, place, files, early))


def check_outputs(place: Place, files: int, early: int = 0) -> None:
    """Hold what was written to the true convolution, the last file sample by sample, and put it aside.

    It is not removed: a file system may avoid what has just become free, and then takes longer to make the next files.

    Raises
    ------
    CommandError
        there is a file too few, or it is not what it should be.
    """
    out = place.folder / "out"
    written = sorted(out.glob("*.wav"))
    try:
        if len(written) != files:
            raise CommandError(f"wrote {len(written)} files of {files}")
        x, _ = soundfile.read(place.folder / "in" / written[-1].name, always_2d=True)
        h, _ = soundfile.read(place.folder / "whole.wav", always_2d=True)
        y, _ = soundfile.read(written[-1], always_2d=True)
        found = compare(true_convolution(x, h), y, gains=(1.0, 2.0), early=early)
        if not found.agrees:
            raise CommandError(str(found))
    finally:
        if out.exists():
            out.rename(tempfile.mkdtemp(prefix="done-", dir=place.folder))


def threads_of(place: Place) -> list[list[float]]:
    """The processor time of each thread of a batch with two workers, by process, as parts of the time on the clock."""
    began = time.monotonic()
    command = faltung_command("run", "batch.yaml", "-q", "--jobs", "2")
    with subprocess.Popen(command, cwd=place.folder) as process:
        taken: dict[int, dict[int, float]] = {}
        while process.poll() is None:
            for pid in _tree(process.pid):
                taken.setdefault(pid, {}).update(processor_by_thread(pid))
            time.sleep(0.05)
    wall = time.monotonic() - began
    shutil.rmtree(place.folder / "out", ignore_errors=True)
    return [[seconds / wall for seconds in threads.values()] for threads in taken.values()]


def processor_by_thread(pid: int) -> dict[int, float]:
    """Seconds that each thread of a process has had of a processor; empty where the system does not tell."""
    found = {}
    try:
        for entry in Path(f"/proc/{pid}/task").iterdir():
            fields = (entry / "stat").read_text("ascii", "replace").rpartition(")")[2].split()
            found[int(entry.name)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except OSError:
        pass
    return found


def _tree(pid: int) -> Iterator[int]:
    """A process and those that it started."""
    yield pid
    try:
        children = [task / "children" for task in Path(f"/proc/{pid}/task").iterdir()]
        started = [int(child) for path in children for child in path.read_text("ascii").split()]
    except OSError:
        return
    for child in started:
        yield from _tree(child)


def files_a_second(runs: Sequence[Run | None], files: int) -> float | None:
    """The median; None if there was no run."""
    wall = median_wall(runs)
    return None if wall is None else files / wall


def _goals(runs: Runs, threads: list[list[float]]) -> list[Goal]:
    gain = median_ratio(runs, ONE, [TWO])
    batch, bare = median_processor(runs[ONE]), median_processor(runs[BARE])
    of_bare = batch / bare if batch and bare else None
    cores = usable_processors()
    at_work = sum(share > _AT_WORK for process in threads[1:] for share in process)
    return [
        Goal(
            f"{TWO}: at least {LEAST_GAIN} times the files a second of --jobs 1",
            "-" if gain is None else f"{gain:.2f}",
            None if gain is None else gain >= LEAST_GAIN,
        ),
        Goal(
            f"{ONE}: at most {MOST_OF_BARE} times the processor time of {BARE}",
            "-" if of_bare is None else f"{of_bare:.2f}",
            None if of_bare is None else of_bare <= MOST_OF_BARE,
        ),
        Goal(
            f"threads of workers that compute: at most the {cores} cores",
            f"{at_work} of {sum(map(len, threads[1:]))}" if threads[1:] else "-",
            at_work <= cores if threads[1:] else None,
        ),
    ]


def _body(runs: Runs, speeds: dict[str, float | None], files: dict[str, int]) -> str:
    rows = []
    for name, of_name in runs.items():
        taken = median_processor(of_name)
        cost = "-" if taken is None else f"{1e3 * taken / files[name]:.1f}"
        rows.append((name, f"{files[name]:,}", _shown(speeds[name]), cost))
    by_hand = median_ratio(runs, ONE, [BY_HAND])
    said_by_hand = "" if by_hand is None else f" Two commands at once give {by_hand:.2f} times those of --jobs 1."
    text = (
        f"Half a second of 16 kHz mono a file, one thread a worker; medians; rounds: {len(runs[ONE])}. faltung waits"
        " for each file to be safe on the disk (a worker for up to sixteen together), and keeps the tail; the others do"
        " neither, and are given one response."
        f"{said_by_hand}"
    )
    over = _overhead_ms(runs, files)
    said = "" if over is None else f"\n\nThe manifest and the command cost {over:.1f} ms of processor time a file."
    return f"{text}\n\n{table(('', 'files', 'files/s', 'processor ms a file'), rows)}{said}"


def _overhead_ms(runs: Runs, files: dict[str, int]) -> float | None:
    batch, alone = median_processor(runs[ONE]), median_processor(runs[ALONE])
    return None if batch is None or alone is None else 1e3 * (batch - alone) / files[ONE]


def _shown(speed: float | None) -> str:
    return "-" if speed is None else f"{speed:,.0f}"
