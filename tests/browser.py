"""Waiting for a page: what Playwright's own `wait_for_function` does, on pages whose policy forbids eval."""

from __future__ import annotations

import time
from typing import Any

PATIENCE_S = 300.0


def until(page: Any, expression: str) -> None:
    """Return once the JavaScript expression is true on the page; fail if it is not within some minutes."""
    last = time.monotonic() + PATIENCE_S
    while not page.evaluate(expression):
        assert time.monotonic() < last, f"not within {PATIENCE_S:g} s: {expression}"
        page.wait_for_timeout(10)
