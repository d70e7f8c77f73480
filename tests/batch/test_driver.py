"""What the driver writes down."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.batch.driver import run_tasks
from pipeline.dsp.threads import SerialExecutor


class Records(list):
    """A manifest that a signal interrupts behind the writing of an end."""

    def add(self, *records):
        self.extend(record["status"] for record in records)
        if records[-1]["status"] == "done":
            raise KeyboardInterrupt


def test_an_item_whose_output_is_taken_meanwhile_is_not_begun(tmp_path: Path) -> None:
    records: list[str] = []

    class All:
        def add(self, *added):
            records.extend(record["status"] for record in added)

    (tmp_path / "y.wav").touch()
    task = {"record": {}, "fresh": True, "target": str(tmp_path / "y.wav"), "events": [], "page": None}
    ((_, outcome),) = run_tasks([task], SerialExecutor(), manifest=All(), runner=lambda _: {"status": "done"})
    assert "exists already" in outcome["error"]
    assert records == ["failed"]


def test_an_item_that_was_written_down_as_done_is_not_interrupted_afterwards() -> None:
    records = Records()
    task = {"record": {}, "fresh": False}
    with pytest.raises(KeyboardInterrupt):
        list(run_tasks([task], SerialExecutor(), manifest=records, runner=lambda _: {"status": "done"}))
    assert records == ["running", "done"]
