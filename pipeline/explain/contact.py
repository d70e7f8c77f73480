"""The contact sheet: six pictures of the animation side by side, numbered in their order.

Convention: it takes pictures that are drawn already, and only places them.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["contact_bytes"]

GAP = 12


def contact_bytes(pictures: Sequence[Image]) -> bytes:
    """A PNG of two columns and as many rows as needed, read row by row."""
    from PIL import Image as PilImage

    width, height = pictures[0].size
    rows = -(-len(pictures) // 2)
    sheet = PilImage.new("RGB", (2 * width + 3 * GAP, rows * height + (rows + 1) * GAP), "#d8d8de")
    for place, picture in enumerate(pictures):
        row, column = divmod(place, 2)
        sheet.paste(picture, (GAP + column * (width + GAP), GAP + row * (height + GAP)))
    file = BytesIO()
    sheet.quantize(128, method=PilImage.Quantize.MEDIANCUT, dither=PilImage.Dither.NONE).save(
        file, "PNG", optimize=True
    )
    return file.getvalue()
