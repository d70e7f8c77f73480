"""What a measurement of a room gives: the response, its figures, what was found on the way; as data and as a table."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import asdict, dataclass, field
from typing import Any

from pipeline.kernel import Array, Kernel

from .decays import BandFigures
from .distortion import Harmonic, total_db
from .response import Raw
from .sweeps import Sweep
from .takes import Take

__all__ = ["Measured", "PathFigures"]


@dataclass(frozen=True)
class PathFigures:
    """Figures of one path, from a source to a microphone.

    Examples
    --------
    >>> import faltung_measure
    >>> played = faltung_measure.sweep(from_hz=50, to_hz=3500, length=1, fs=8000, silence=1)
    >>> path = faltung_measure.measure_room(played.signal(), played).paths[0]
    >>> path.path, [one.band_hz for one in path.octaves]
    ('mic 1', [125, 250, 500, 1000, 2000])
    """

    path: str
    direct_to_noise_db: float | None
    """From the response's highest sample to the noise behind it; None where no noise was met."""
    knee_s: float
    """Where its decay meets the noise, from time zero."""
    octaves: tuple[BandFigures, ...]
    thirds: tuple[BandFigures, ...]

    def mid(self, name: str) -> float | None:
        """Mean of a figure at 500 Hz and 1 kHz, as the standard states single numbers; None where one is missing."""
        values = [getattr(one, name) for one in self.octaves if one.band_hz in (500, 1000)]
        return sum(values) / 2 if len(values) == 2 and None not in values else None


@dataclass(frozen=True)
class Measured:
    """A room as it was measured.

    Examples
    --------
    >>> import numpy as np
    >>> import faltung_measure
    >>> played = faltung_measure.sweep(from_hz=50, to_hz=3500, length=1, fs=8000, silence=1)
    >>> room = faltung_measure.measure_room(np.concatenate([np.zeros((800, 1)), 0.5 * played.signal()]), played)
    >>> room.kernel.origin, abs(room.drift_ppm[0]) < 0.01, len(room.paths)
    (46, True, 1)
    """

    fs: float
    taps: Array
    """The response, ``(frames, sources, mics)``."""
    origin: int
    """Frame of time zero: the direct sound; with the delay kept, the moment it was played."""
    sweep: Sweep
    method: str
    takes: tuple[Take, ...]
    paths: tuple[PathFigures, ...]
    harmonics: tuple[Harmonic, ...]
    cut_s: float
    """Where the response was cut, from the direct sound."""
    cut_because: str
    warnings: tuple[str, ...]
    raw: Raw = field(repr=False)
    output: str | None = None

    @property
    def kernel(self) -> Kernel:
        """The response as a kernel: of one path ``(n,)``, of more ``(n, sources, mics)``."""
        taps = self.taps[:, 0, 0] if self.taps.shape[1:] == (1, 1) else self.taps
        return Kernel(taps, self.origin, self.fs)

    @property
    def file_taps(self) -> Array:
        """The response as its file holds it, ``(frames, sources * mics)``: LL LR RL RR for true stereo."""
        return self.taps.reshape(len(self.taps), -1)

    @property
    def drift_ppm(self) -> tuple[float, ...]:
        """Difference of the recorder's clock from the player's, of each take."""
        return tuple(take.clock.ppm for take in self.takes)

    @property
    def distortion_db(self) -> float | None:
        """Harmonics of the second to fifth order together, against the linear response."""
        return total_db(list(self.harmonics))

    def to_dict(self) -> dict[str, Any]:
        """Everything but the samples, as plain data."""
        return {
            "output": self.output,
            "fs": self.fs,
            "frames": len(self.taps),
            "origin": self.origin,
            "channels": [one.path for one in self.paths],
            "method": self.method,
            "sweep": self.sweep.to_dict(),
            "takes": [
                {
                    "recording": take.name,
                    "drift_ppm": take.clock.ppm,
                    "pilot_score": take.pilots.score,
                    "late_s": take.late_frames / self.fs,
                    "peak": take.peak,
                    "left_out": list(take.left_out),
                }
                for take in self.takes
            ],
            "cut_s": self.cut_s,
            "cut_because": self.cut_because,
            "distortion_db": self.distortion_db,
            "harmonics": [asdict(one) for one in self.harmonics],
            "paths": [
                {
                    "path": one.path,
                    "direct_to_noise_db": one.direct_to_noise_db,
                    "knee_s": one.knee_s,
                    "octaves": [figures.to_dict() for figures in one.octaves],
                    "thirds": [figures.to_dict() for figures in one.thirds],
                }
                for one in self.paths
            ],
            "warnings": list(self.warnings),
        }

    def to_json(self) -> str:
        """`to_dict` as JSON."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False)

    def to_csv(self) -> str:
        """Figures of every path and band, a row each; what may not be stated is empty."""
        text = io.StringIO()
        names = ["edt_s", "t20_s", "t30_s", "c50_db", "c80_db", "d50", "ts_s", "curvature_percent", "bend_permille"]
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["path", "bands", "band_hz", *names, "range_db", "unstated"])
        for path in self.paths:
            for width, rows in (("octave", path.octaves), ("third", path.thirds)):
                for row in rows:
                    values = [getattr(row, name) for name in names]
                    values.append(row.range_db if math.isfinite(row.range_db) else None)
                    cells = ["" if value is None else f"{value:.6g}" for value in values]
                    why = "; ".join(f"{name}: {reason}" for name, reason in row.unstated.items())
                    writer.writerow([path.path, width, row.band_hz, *cells, why])
        return text.getvalue()
