"""What the driver writes down."""

from __future__ import annotations

import pytest

from pipeline.batch.driver import run_tasks
from pipeline.dsp.here import Here


class Records(list):
    """A manifest that a signal interrupts behind the writing of an end."""

    def add(self, *records):
        self.extend(record["status"] for record in records)
        if records[-1]["status"] == "done":
            raise KeyboardInterrupt


def test_an_item_that_was_written_down_as_done_is_not_interrupted_afterwards() -> None:
    records = Records()
    task = {"record": {}, "fresh": False}
    with pytest.raises(KeyboardInterrupt):
        list(run_tasks([task], Here(), manifest=records, runner=lambda _: {"status": "done"}))
    assert records == ["running", "done"]
