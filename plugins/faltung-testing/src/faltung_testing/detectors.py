"""The contract kit of detectors: what one finds is right, the same however the signal is cut, and reaches files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from pipeline.engine.plan import make_plan
from pipeline.engine.stream import Detections, stream
from pipeline.errors import StageError
from pipeline.kernel import Array
from pipeline.match.events import Events
from pipeline.match.found import events_found
from pipeline.match.writers import encoded_events
from pipeline.stages.base import DetectorStage, Format

from .comparing import promise
from .stages import check_stage


def check_detector(
    stage: DetectorStage, x: npt.ArrayLike, fs: float, expected: Sequence[int], tolerance: int = 0
) -> None:
    """Run every check on a detector, those of `check_stage` first.

    In ``x``, ``(frames,)`` or ``(frames, channels)`` at ``fs`` Hz, events begin at the frames ``expected``, ascending,
    each give or take ``tolerance``.

    Examples
    --------
    >>> from pipeline import Match
    >>> x = [9.0, 0, 1, 2, 1, -1, 0.5, 7, 0, 2, 4, 2, -2, 1, 5]
    >>> check_detector(Match(template=[0, 1, 2, 1, -1, 0.5], threshold={"score": 0.9}), x, fs=8000, expected=[1, 8])
    """
    told = f"a detector is a DetectorStage, got {type(stage).__name__}"
    promise(isinstance(stage, DetectorStage), f"{told}; derive it from pipeline.stages.base.DetectorStage")
    signal = np.asarray(x, np.float64)
    signal = signal[:, None] if signal.ndim == 1 else signal
    fmt = Format(fs, signal.shape[1])
    whole = _found(stage, fmt, [signal])
    starts = sorted(event.start_frame for event in whole)
    near = len(starts) == len(expected) and all(abs(a - b) <= tolerance for a, b in zip(starts, expected, strict=True))
    promise(near, f"events begin at {list(expected)}, give or take {tolerance}, got {starts}; frames are counted from "
            "the first of the signal, at the start of what is found")  # fmt: skip
    for name, size in (("single frames", 1), ("sevens", 7), ("1009", 1009)):
        cut = [signal[i : i + size] for i in range(0, len(signal), size)]
        got = _found(stage, fmt, cut)
        promise(got.events == whole.events, f"cut into {name}, {len(got)} events are found, in one piece {len(whole)}, "
                "or not the same; keep in the processor what a window needs of the block before")  # fmt: skip
    _found(stage, fmt, [])  # where the run holds it to find nothing
    _check_event_files(whole)
    check_stage(stage)


def _found(stage: DetectorStage, fmt: Format, blocks: Sequence[Array]) -> Events:
    found: Detections = []
    try:
        for _ in stream(make_plan([stage], fmt), blocks, found):
            pass
        (events,) = events_found([stage], found, "x.wav")
    except StageError as error:
        raise AssertionError(str(error)) from error
    return events


def _check_event_files(events: Events) -> None:
    count = len(events)
    rows: dict[str, Callable[[bytes], int]] = {
        "x.csv": lambda data: len(list(csv.reader(io.StringIO(data.decode(), newline="")))) - 1,
        "x.jsonl": lambda data: len([json.loads(line) for line in data.splitlines()]),
        "x.txt": lambda data: data.count(b"\n"),
        "x.selections.txt": lambda data: data.count(b"\n") - 1,
    }
    for name, rows_of in rows.items():
        got = rows_of(encoded_events(name, [events]))
        promise(got == count, f"{name} holds each of {count} events, got {got}; give each a name of plain text")
