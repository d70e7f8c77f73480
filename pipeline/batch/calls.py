"""What a worker is asked for and what it answers: lists of calls, through a pipe.

Of a function that is a generator what it returns counts. Those of one list are all brought to their first ``yield``
before one of them goes on: what they then wait for may have been done meanwhile.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any

from ..io.atomic import names_together
from .steps import begun, gone_through

__all__ = ["Answer", "Call", "answer_calls", "answers"]

Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]
"""A function, and what it is called with."""

Answer = tuple[Any, BaseException | None]
"""What a call returned, or what it raised."""


def answers(message: bytes, count: int) -> list[Answer]:
    """What so many calls came to, as a worker tells it."""
    try:
        told: list[Answer] = ForkingPickler.loads(message)
    except Exception as error:
        return [(None, error)] * count
    return told


def answer_calls(pipe: Connection, timeout_s: float | None) -> None:
    """Do what comes through a pipe, in a worker; raises EOFError and OSError at its end.

    SIGALRM is raised in a call, or a part of one between two yields, that takes longer than ``timeout_s``.
    """
    while True:
        calls = pipe.recv()
        with names_together():
            first = [_answer(timeout_s, begun, *call) for call in calls]
            told = [(result, error) if error else _answer(timeout_s, gone_through, result) for result, error in first]
        pipe.send_bytes(_message(told))


def _answer(timeout_s: float | None, function: Callable[..., Any], *args: Any) -> Answer:
    signal.setitimer(signal.ITIMER_REAL, timeout_s or 0)
    try:
        return function(*args), None
    except BaseException as error:
        return None, error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _message(told: list[Answer]) -> memoryview:
    try:
        return ForkingPickler.dumps(told)
    except Exception as error:
        return ForkingPickler.dumps([(None, error)] * len(told))
