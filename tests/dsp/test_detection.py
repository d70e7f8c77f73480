"""A detection on another timeline: what starts before its zero is left out, all else is moved by as much."""

from __future__ import annotations

import numpy as np

from pipeline.dsp.detection import Detection, Peaks, Regions


def peaks(*frames: int) -> Peaks:
    n = len(frames)
    template, channel = np.arange(n, dtype=np.int32), np.zeros(n, np.int32)
    return Peaks(np.array(frames), template, channel, np.linspace(0.1, 0.9, n), np.zeros(n))


def regions(*spans: tuple[int, int]) -> Regions:
    start, stop = np.array(spans).T
    n = len(spans)
    return Regions(start, stop, np.zeros(n, np.int32), np.arange(n, dtype=np.int32), np.ones(n, np.uint8))


FOUND = Detection(
    8000.0, 100, ("t",), (5,), peaks(0, 9, 10, 50), regions((0, 10), (4, 11), (10, 12), (60, 70)), peaks(3, 10)
)


def rows(found: Detection) -> tuple[list[int], list[int], list[int], list[tuple[int, int, int]]]:
    spans = zip(found.regions.start, found.regions.stop, found.regions.template, strict=True)
    assert found.decoys is not None
    return (
        found.peaks.frame.tolist(),
        found.peaks.template.tolist(),
        found.decoys.frame.tolist(),
        [(int(a), int(b), int(t)) for a, b, t in spans],
    )


def test_what_starts_before_zero_is_left_out_and_a_region_across_it_is_cut() -> None:
    moved = FOUND.counted_from(10)
    assert moved.frames == 90
    assert rows(moved) == ([0, 40], [2, 3], [0], [(0, 1, 1), (0, 2, 2), (50, 60, 3)])


def test_what_starts_before_zero_is_kept_at_negative_frames_when_asked() -> None:
    moved = FOUND.counted_from(10, keep_before=True)
    assert moved.frames == 90
    assert rows(moved) == (
        [-10, -1, 0, 40], [0, 1, 2, 3], [-7, 0], [(-10, 0, 0), (-6, 1, 1), (0, 2, 2), (50, 60, 3)],
    )  # fmt: skip


def test_frame_0_as_zero_changes_nothing() -> None:
    assert rows(FOUND.counted_from(0)) == rows(FOUND)
    assert FOUND.counted_from(0).frames == 100
