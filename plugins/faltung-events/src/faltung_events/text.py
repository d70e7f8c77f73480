"""Text of event files as programs write it, decoded, and times and frequencies in it."""

from __future__ import annotations

import codecs
import math
from pathlib import Path

from pipeline.errors import ReadError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF16_LE, "utf-16"),
)


def decoded(path: Path) -> str:
    r"""The text of a file: UTF-16 or UTF-8 by its mark, else UTF-8, else Latin-1; line ends are ``\n``."""
    data = path.read_bytes()
    encodings = [name for mark, name in _MARKS if data.startswith(mark)] or ["utf-8", "latin-1"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text.replace("\r\n", "\n").replace("\r", "\n")
    raise ReadError(
        str(path), f"is no {encodings[0].removesuffix('-sig').upper()}, as its first bytes say; save it again"
    )


def number(text: str) -> float | None:
    """A finite number, with a point or a comma; None for anything else."""
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def frequency(text: str) -> float | None:
    """A frequency in Hz; None where the cell is empty or negative, which stands for none."""
    value = number(text)
    return None if value is None or value < 0 else value
