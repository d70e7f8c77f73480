"""Lines of fields between tabs, in which nothing can be escaped, and numbers without an exponent."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np


def tabbed(rows: Iterable[Iterable[object]]) -> bytes:
    """Lines of fields between tabs; a tab or line break in a name is a space."""
    lines = (
        "\t".join(re.sub(r"[\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029]", " ", str(part)) for part in row) for row in rows
    )
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")


def decimal(value: float | None) -> str:
    """The shortest text that gives the same double, without an exponent; nothing for None."""
    if value is None:
        return ""
    text = repr(value)
    return np.format_float_positional(value, trim="0") if "e" in text else text
