"""Makes the pictures of the README and the page that it links to; `make generate` writes those that differ."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from faltung_explain.example import WORKED
from faltung_explain.explain import explain_example
from faltung_explain.figure import two_readings

from pipeline.drawing import png_bytes

HERE = Path(__file__).resolve().parent
SOUND = re.compile(rb'"base64": "[^"]*"|"(residual|peak|apart)": [-+.e0-9]+|<td>[-+.e0-9\xe2\x88\x92]+</td>')
"""What two machines may make a little different in a page: its sounds, and how far rounding is off."""


def made() -> Iterator[tuple[Path, bytes]]:
    """Every file with its content."""
    yield HERE / "figures" / "flip.png", png_bytes(two_readings(WORKED))
    with TemporaryDirectory() as folder:
        explain_example(folder, film=True)
        yield HERE / "figures" / "flip.gif", Path(folder, "flip.gif").read_bytes()
        yield HERE / "flip.html", Path(folder, "index.html").read_bytes()


def differs(a: bytes, b: bytes) -> bool:
    """Whether two pictures differ by more than the edges of letters, which two machines may draw a little apart."""
    from PIL import Image, ImageSequence

    one, other = (Image.open(BytesIO(data)) for data in (a, b))
    if (one.size, getattr(one, "n_frames", 1)) != (other.size, getattr(other, "n_frames", 1)):
        return True
    pairs = zip(ImageSequence.Iterator(one), ImageSequence.Iterator(other), strict=True)
    apart = (np.asarray(p.convert("RGB"), float) - np.asarray(q.convert("RGB"), float) for p, q in pairs)
    return any(float(np.abs(gap).mean()) > 0.5 for gap in apart)


def stale(path: Path, content: bytes) -> bool:
    """Whether a file is not what the code makes."""
    if not path.exists():
        return True
    if path.suffix == ".html":
        return SOUND.sub(b"", path.read_bytes()) != SOUND.sub(b"", content)
    return differs(path.read_bytes(), content)


def main(arguments: list[str]) -> int:
    """Write what differs; with ``--check``, only tell: 1 if anything does."""
    status = 0
    for path, content in made():
        if not stale(path, content):
            continue
        if "--check" in arguments:
            sys.stderr.write(f"{path} is not what the code makes; run: make generate\n")
            status = 1
            continue
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
