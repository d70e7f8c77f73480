"""Holds the times of long files against their goals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from .peers import COPY, DOUBLE, DOUBLE_FAST, SINGLE, SINGLE_FAST, ours
from .report import Goal
from .timing import Runs, median_ratio, median_user, peak_mb

__all__ = ["goals"]

LONG_MINUTES = 30
"""From here on start-up is not to be noticed."""
PEAK_MB = 120
FLAT = 1.1
"""Of the memory for the longest file by that for the shortest: what allocators leave to chance."""

Cells = Mapping[float, Mapping[int, Runs]]
Natives = Mapping[int, Sequence[str]]


def goals(cells: Cells, natives: Natives) -> list[Goal]:
    """Every goal on long files that these lengths can speak for."""
    found: list[Goal] = []
    for minutes, of_taps in cells.items():
        name = f"{minutes:g} min, "
        if minutes >= LONG_MINUTES:
            found.append(_ratio(f"{name}single: at most 0.55 of the best native", of_taps, SINGLE, natives, 0.55))
            alone = {taps: [COPY] for taps in of_taps}
            found.append(_ratio(f"{name}single: at most 2 times reading and writing alone", of_taps, SINGLE, alone, 2))
            found.append(_ratio(f"{name}double: at most 0.9 of the best native", of_taps, DOUBLE, natives, 0.9))
            text = f"{name}double with `[fast]`: at most 0.8 of the best native"
            found.append(_ratio(text, of_taps, DOUBLE_FAST, natives, 0.8))
            found.append(_user_time(name, of_taps))
        else:
            found.append(_ratio(f"{name}single: at most 1.3 of the best native", of_taps, SINGLE, natives, 1.3))
        most = 0.45 if minutes >= LONG_MINUTES else 1.0
        text = f"{name}single with `[fast]`: at most {most} of the best native"
        found.append(_ratio(text, of_taps, SINGLE_FAST, natives, most))
    found += [_times_faster(cells, rival) for rival in ("pedalboard", "scipy float32", "scipy float64")]
    found += [_under_a_tenth(cells), *_memory(cells)]
    return found


def _ratio(text: str, of_taps: Mapping[int, Runs], name: str, rivals: Natives, most: float) -> Goal:
    ratios = {taps: median_ratio(runs, name, rivals[taps]) for taps, runs in of_taps.items()}
    known = {taps: ratio for taps, ratio in ratios.items() if ratio is not None}
    measured = (
        ", ".join(f"{ratio:.2f} ({taps:,})" for taps, ratio in known.items()) or "not run, or nothing to compare with"
    )
    return Goal(text, measured, all(ratio <= most for ratio in known.values()) if known else None)


def _user_time(name: str, of_taps: Mapping[int, Runs]) -> Goal:
    users = {
        taps: (median_user(runs.get(SINGLE_FAST, ())), median_user(runs[SINGLE])) for taps, runs in of_taps.items()
    }
    ratios = {taps: fast / plain for taps, (fast, plain) in users.items() if fast and plain}
    measured = ", ".join(f"{ratio:.2f} ({taps:,})" for taps, ratio in ratios.items()) or "not run"
    text = f"{name}single with `[fast]`: at most 0.6 of the user time without it"
    return Goal(text, measured, all(ratio <= 0.6 for ratio in ratios.values()) if ratios else None)


def _over(cells: Cells, value: Callable[[Runs], float | None]) -> list[float]:
    values = [value(runs) for of_taps in cells.values() for runs in of_taps.values()]
    return [found for found in values if found is not None]


def _times_faster(cells: Cells, rival: str) -> Goal:
    factors = [1 / ratio for ratio in _over(cells, lambda runs: _against(runs, rival))]
    text = f"at least 5 times faster than {rival} (single)"
    if not factors:
        return Goal(text, f"{rival} was not run", None)
    return Goal(text, f"{min(factors):.1f} to {max(factors):.1f} times", min(factors) >= 5)


def _against(runs: Runs, rival: str) -> float | None:
    return median_ratio(runs, SINGLE, [rival]) if rival in runs else None


def _under_a_tenth(cells: Cells) -> Goal:
    def part(runs: Runs) -> float | None:
        mine, theirs = peak_mb(runs[SINGLE]), peak_mb(runs.get("scipy float32", ()))
        return mine / theirs if mine and theirs else None

    return _at_most("memory, single: at most a tenth of scipy float32's", _over(cells, part), 0.1, "{:.3f} of it")


def _memory(cells: Cells) -> list[Goal]:
    found = []
    names = [peer.name for peer in ours()]
    for name in names:
        text = f"memory, {name.removeprefix('faltung ')}: at most {PEAK_MB} MB whatever the length"
        found.append(_at_most(text, _over(cells, partial(_peak, name)), PEAK_MB, "{:.0f} MB"))
    shortest, longest = min(cells), max(cells)
    if shortest < longest:
        grown = []
        for taps, runs in cells[longest].items():
            for name in names:
                small, large = _peak(name, cells[shortest][taps]), _peak(name, runs)
                grown += [large / small] if small and large else []
        found.append(
            _at_most(f"memory: as much for {longest:g} min as for {shortest:g} min", grown, FLAT, "{:.2f} times")
        )
    return found


def _peak(name: str, runs: Runs) -> float | None:
    return peak_mb(runs.get(name, ()))


def _at_most(text: str, values: Sequence[float], most: float, form: str) -> Goal:
    if not values:
        return Goal(text, "not run", None)
    return Goal(text, "up to " + form.format(max(values)), max(values) <= most)
