"""Times one long recording: in one pass, cut into shards for two workers, and by other programs.

48 kHz, stereo, float32 through 48,000 taps, in single precision as the others compute. In one pass and in shards the
same bytes must come out; else neither counts.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from hashlib import file_digest
from pathlib import Path

from .convolve import whole_output
from .peers import Case, faltung_command, installed
from .report import Goal, Section, seconds, table
from .settings import Settings
from .signals import FS, write_recording, write_response
from .timing import (
    CommandError,
    Contender,
    Runs,
    interleaved,
    median_processor,
    median_ratio,
    median_wall,
    peak_mb,
)

__all__ = ["measure"]

TAPS = 48_000
ONE, TWO = "one pass, threads: 1", "one pass, threads: 2"
BATCH, SHARDS = "in a batch, one pass, threads: 1", "in a batch, --jobs 2, shard: 1 min"
OTHERS = ("sox fir", "ffmpeg afir")

_CONFIG = """\
version: 1
input: long.wav
output: out/{{stem}}.wav
precision: single
format: {{subtype: FLOAT}}
stages: [{{use: convolve, file: response.wav}}]
{more}
"""
_WAYS = {
    ONE: ("threads: 1", "1"),
    TWO: ("threads: 2", "1"),
    BATCH: ("threads: 1\nbatch: {jobs: 1}", "1"),
    SHARDS: ("threads: 1\nbatch: {shard: 1 min}", "2"),
}
"""What the configuration says besides, and how many jobs there are."""


def measure(settings: Settings) -> Section:
    """The longest of the recordings, in every way."""
    folder, minutes = settings.folder / "long", settings.minutes[-1]
    folder.mkdir()
    recording = write_recording(folder / "long.wav", round(minutes * 60 * FS))
    case = Case(recording, write_response(folder / "response.wav", TAPS), TAPS, folder)
    first: list[str] = []
    contenders = [_ours(name, number, case, first) for number, name in enumerate(_WAYS)]
    for peer in installed():
        if peer.name in OTHERS:
            output = folder / "other.wav"
            check = partial(whole_output, recording, output)
            contenders.append(Contender(peer.name, peer.command(case, output), output, check=check))
    runs = interleaved(contenders, settings.runs, settings.budget.left, settings.say, folder)
    for name, of_name in runs.items():
        settings.say(f"{name}: {seconds(median_wall(of_name))} s")
    recording.unlink()
    data = {name: [None if run is None else asdict(run) for run in of_name] for name, of_name in runs.items()}
    return Section("One long recording", _body(runs, minutes), [_goal(runs)], data)


def _ours(name: str, number: int, case: Case, first: list[str]) -> Contender:
    config, output = case.folder / f"long-{number}.yaml", case.folder / "out" / case.signal.name
    more, jobs = _WAYS[name]
    config.write_text(_CONFIG.format(more=more), "utf-8")
    command = faltung_command("run", str(config), "-q", "--overwrite", "--jobs", jobs)
    return Contender(name, command, output, check=partial(_same_bytes, case.signal, output, first))


def _same_bytes(recording: Path, output: Path, first: list[str]) -> None:
    """Raise if an output is not, byte for byte, the ``first`` that was written."""
    whole_output(recording, output)
    with output.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    if digest not in [*first, digest][:1]:
        raise CommandError("wrote other bytes than in one pass")
    first.append(digest)


def _goal(runs: Runs) -> Goal:
    ratio = median_ratio(runs, SHARDS, [BATCH])
    return Goal(
        "the same bytes in one pass and in shards, and these in less time than one thread takes in a batch",
        "-" if ratio is None else f"the same, in {ratio:.2f} of it",
        None if ratio is None else ratio < 1,
    )


def _body(runs: Runs, minutes: float) -> str:
    rows = [
        (
            name,
            seconds(median_wall(of_name)),
            f"{minutes * 60 / wall:,.0f}" if (wall := median_wall(of_name)) else "-",
            seconds(median_processor(of_name)),
            f"{peak_mb(of_name) or 0:.0f}",
        )
        for name, of_name in runs.items()
    ]
    text = (
        f"{minutes:g} minutes of stereo through {TAPS:,} taps, single precision; medians; rounds: {len(runs[ONE])}."
        " In a batch the output is hashed for the manifest, too. Shards write their parts to the disk, where one"
        " process joins them; they are for more cores than one process can use, and for clusters."
    )
    return f"{text}\n\n{table(('', 'wall s', 'x realtime', 'processor s', 'peak MB of a process'), rows)}"
