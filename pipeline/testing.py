"""The contract kits: what stages, detectors, readers and writers promise, tried on those shipped and those of others.

They are in the package `faltung_testing`, which faltung bundles, and are loaded when one is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .plugins import bundled

if TYPE_CHECKING:
    from faltung_testing import *  # noqa: F403  (each check by its name)
    from faltung_testing import (
        CHECKS,
        check_detector,
        check_event_reader,
        check_events_writer,
        check_reader,
        check_stage,
        check_writer,
        parametrize_with_checks,
    )

__all__ = ["CHECKS", "check_detector", "check_event_reader", "check_events_writer", "check_reader", "check_stage"]
__all__ += ["check_writer", "parametrize_with_checks"]


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(bundled("faltung_testing", __name__), name)
