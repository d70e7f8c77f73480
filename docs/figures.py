"""Draws the pictures of the README; `make generate` writes those that differ."""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

import numpy as np
from faltung_explain.example import WORKED
from faltung_explain.figure import two_readings

from pipeline.drawing import png_bytes

FLIP = Path(__file__).resolve().parent / "figures" / "flip.png"


def differs(a: bytes, b: bytes) -> bool:
    """Whether two pictures differ by more than the edges of letters, which two machines may draw a little apart."""
    from PIL import Image

    one, other = (np.asarray(Image.open(BytesIO(data)).convert("RGB"), float) for data in (a, b))
    return one.shape != other.shape or float(np.abs(one - other).mean()) > 0.5


def main(arguments: list[str]) -> int:
    """Write what differs; with ``--check``, only tell: 1 if anything does."""
    drawn = png_bytes(two_readings(WORKED))
    if FLIP.exists() and not differs(FLIP.read_bytes(), drawn):
        return 0
    if "--check" in arguments:
        sys.stderr.write(f"{FLIP} is not what the code draws; run: make generate\n")
        return 1
    FLIP.parent.mkdir(exist_ok=True)
    FLIP.write_bytes(drawn)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
