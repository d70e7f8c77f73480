"""Signals that cannot get lost, and the exit code of a run."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import pytest

from pipeline.cli.process import Interrupts, Terminated, terminable
from pipeline.io.sink import AtomicFile
from pipeline.runs.results import FileResult, RunResult
from pipeline.system import remove_unfinished, unfinished


def test_a_signal_whose_exception_got_lost_is_raised_again_with_the_next_block() -> None:
    with terminable():
        with contextlib.suppress(Terminated):  # as a decoder written in C may do
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()
        with pytest.raises(Terminated):
            Interrupts.check()
    with terminable():
        Interrupts.check()


def test_the_signal_handlers_of_before_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with terminable(), Interrupts() as interrupts:
        interrupts.listen()
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


@pytest.mark.parametrize(
    ("codes", "interrupted", "expected"),
    [((), False, 0), ((0, 0), False, 0), ((0, 1), False, 1), ((0, 2), False, 1), ((0,), True, 130), ((0, 3), True, 3)],
)
def test_the_exit_code_of_a_run(codes: tuple[int, ...], interrupted: bool, expected: int) -> None:
    files = [
        FileResult(None, "failed" if code else "done", {"error": "why", "code": code} if code else {})  # type: ignore[arg-type]
        for code in codes
    ]
    assert RunResult(None, tuple(files), interrupted).exit_code == expected  # type: ignore[arg-type]


def test_what_a_second_signal_kept_from_being_removed_is_removed_at_the_end(tmp_path: Path) -> None:
    """As where the machine is so busy that removing takes longer than the command's patience."""
    remove_unfinished()  # what other tests cut short
    file = AtomicFile(tmp_path / "x.wav")
    file.write(b"half")
    (hidden,) = tmp_path.iterdir()
    assert unfinished == {str(hidden)}
    file._close()  # what removes it is cut short here
    remove_unfinished()
    assert (list(tmp_path.iterdir()), unfinished) == ([], set())
    with AtomicFile(tmp_path / "y.wav") as whole:
        whole.commit()
    assert (unfinished, [path.name for path in tmp_path.iterdir()]) == (set(), ["y.wav"])


def test_a_command_that_is_done_leaves_ctrl_c_to_whoever_had_it_before():
    """At the interpreter's end it is the answer of `main`, which says nothing, and no traceback."""
    was = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        mine = signal.getsignal(signal.SIGINT)
        with terminable():
            assert signal.getsignal(signal.SIGINT) is not mine
        assert signal.getsignal(signal.SIGINT) is mine
    finally:
        signal.signal(signal.SIGINT, was)
