"""The contract kits: what stages, detectors, readers and writers promise, tried on those shipped and those of others.

A check raises `AssertionError` with what was promised, what came, and what to do.
"""

from __future__ import annotations

from .detectors import check_detector
from .files import check_events_writer, check_reader, check_writer
from .labels import check_event_reader
from .stages import *  # noqa: F403  (each check by its name)
from .stages import CHECKS, check_stage, parametrize_with_checks

__all__ = ["CHECKS", "check_detector", "check_event_reader", "check_events_writer", "check_reader", "check_stage"]
__all__ += ["check_writer", "parametrize_with_checks"]
