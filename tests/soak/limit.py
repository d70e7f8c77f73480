"""A limit on the size of files (RLIMIT_FSIZE, SIGXFSZ ignored), swept up to more than an output takes."""

from __future__ import annotations

import random
import resource
import subprocess
from pathlib import Path

from tests.soak.common import Place, main


def trial(folder: Path, rng: random.Random, points: int, files: int = 2) -> None:
    """Nothing half stands under a final name, an older output stays as it was, and the next run is as undisturbed."""
    place = Place(folder, files, frames=20_000)
    largest = max(path.stat().st_size for path in (folder / "reference").glob("*.wav"))
    codes = set()
    for point in range(1, points + 1):
        limit = round(1.1 * largest * point / points)
        out = folder / "out"
        subprocess.run(["rm", "-rf", str(out)], check=True)
        out.mkdir()
        (out / "00000.wav").write_bytes(b"what stood there before")

        def limited(limit: int = limit) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

        process = place.start("--overwrite", preexec_fn=limited, stderr=subprocess.DEVNULL)
        codes.add(process.wait(600))
        tree = place.tree()
        old = tree.pop("00000.wav") if (out / "00000.wav").read_bytes() == b"what stood there before" else None
        assert tree.items() <= place.reference.items(), f"a half file at a limit of {limit} bytes"
        assert old is not None or "00000.wav" in tree
        again = place.start("--overwrite")
        assert again.wait(600) == 0
        place.assert_whole()
    assert codes == {0, 3}


if __name__ == "__main__":
    main(trial, points=50, files=2)
