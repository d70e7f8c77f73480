"""The command ``python -m bench``: chooses what is measured, says what it is doing, and writes down what it found."""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .busy import Others
from .report import Section, machine, machine_sentence, update
from .settings import Budget, Settings

__all__ = ["main", "parser"]

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"

WEIGHTS = {
    "startup": 1,
    "convolve": 14,
    "chains": 2,
    "scaling": 4,
    "live": 2,
    "match": 6,
    "tables": 1,
    "batch": 3,
    "shards": 2,
}
"""Parts of a whole measurement, in their order, and the time that each may take of what is left."""
PARTS = {"convolve": ("convolve", "chains"), "batch": ("batch", "shards"), "all": tuple(WEIGHTS)}
LONGEST_MINUTES = 180  # then a WAV file reaches 4 GiB

Measure = Callable[[Settings], Section]


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    made = argparse.ArgumentParser("python -m bench", description=__doc__.partition("\n")[0])
    what = (
        "convolve",
        "startup",
        "scaling",
        "live",
        "match",
        "tables",
        "batch",
        "calibrate",
        "hostile",
        "peers",
        "all",
    )
    measured = "what is measured (all but calibrate and hostile), or peers: installs what needs a place of its own"
    made.add_argument("what", nargs="?", choices=what, default="all", help=measured)
    made.add_argument("--minutes", nargs="+", type=_minutes, default=[10, 30], metavar="N", help="lengths: 10 30")
    made.add_argument("--runs", type=_count, default=5, help="rounds, at most: 5")
    made.add_argument("--at-most", type=float, default=20, metavar="MINUTES", help="stop adding rounds after: 20")
    made.add_argument("--json", type=Path, metavar="FILE", help="write every run down")
    made.add_argument("--update-docs", action="store_true", help="replace the tables of docs/benchmarks.md")
    made.add_argument("--folder", type=Path, help="for temporary files; default: where the system puts them")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; the exit code is 1 if a measurement failed, and 0 whether or not the goals are met."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    asked = parser().parse_args(given)
    if asked.what == "calibrate":
        from .calibrate import calibrate, constants_text

        print(constants_text(calibrate()))
        return 0
    if asked.what == "hostile":
        from .hostile import hostile_table

        print(hostile_table())
        return 0
    if asked.what == "peers":
        from .apart import build

        return build(_say)
    parts = [part for part in PARTS.get(asked.what, (asked.what,)) if part != "live" or _live_is_there()]
    if not parts:
        raise SystemExit("bench/live.py is not there")
    _say(f"about {asked.at_most:g} minutes: {', '.join(parts)}; rounds are left out when the time is up")
    command = " ".join(["python -m bench", *_without_places(given)])
    found: dict[str, Any] = {}
    failed = False
    with tempfile.TemporaryDirectory(prefix="faltung-bench-", dir=asked.folder) as folder:
        figures = PAGE.parent / "figures" if asked.update_docs else None
        settings = Settings(Path(folder), tuple(sorted(asked.minutes)), asked.runs, say=_say, figures=figures)
        whole = Budget(asked.at_most * 60)
        for number, part in enumerate(parts):
            share = whole.share(WEIGHTS[part], sum(WEIGHTS[p] for p in parts[number:]))
            _say(f"--- {part}")
            others = Others()
            try:
                section = _measure(part)(replace(settings, budget=Budget(share)))
            except Exception as error:  # one part that fails must not take the others with it
                _say(f"{part} failed: {type(error).__name__}: {error}")
                failed = True
                continue
            _written_down(section, command, others.share(), asked, found)
    return int(failed)


def _written_down(
    section: Section, command: str, busy: float | None, asked: argparse.Namespace, found: dict[str, Any]
) -> None:
    """Print a section as soon as it is there, and put it where it was asked for, beside those ``found`` before."""
    facts = machine()
    text = section.markdown(machine_sentence(facts, command, busy))
    print(f"\n{text}", flush=True)
    found[section.title] = {"goals": [vars(goal) for goal in section.goals], "others": busy, **section.data}
    if asked.json is not None:
        plain = _plain({"machine": facts, "command": command, "sections": found})
        asked.json.write_text(json.dumps(plain, indent=1, allow_nan=False) + "\n", "utf-8")
    if asked.update_docs:
        update(PAGE, [text])


def _measure(part: str) -> Measure:
    """Imported when its turn comes: arguments are checked before numpy is there."""
    measure: Measure = import_module(f"{__package__}.{part}").measure
    return measure


def _live_is_there() -> bool:
    return find_spec(f"{__package__}.live") is not None


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _minutes(text: str) -> float:
    value = float(text)
    if not 1 <= value <= LONGEST_MINUTES:
        raise argparse.ArgumentTypeError(f"must be 1 to {LONGEST_MINUTES}, got {text}")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {text}")
    return value


def _without_places(given: Sequence[str]) -> list[str]:
    """The arguments that decide what is measured: not where anything is put."""
    kept: list[str] = []
    words = iter(given)
    for word in words:
        if word in ("--json", "--folder"):
            next(words, None)
        elif word != "--update-docs" and not word.startswith(("--json=", "--folder=")):
            kept.append(word)
    return kept


def _plain(value: Any) -> Any:
    """What JSON can hold: no infinity."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


if __name__ == "__main__":
    raise SystemExit(main())
