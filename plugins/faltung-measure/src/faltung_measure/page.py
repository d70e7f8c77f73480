"""The page of a measured room, one file that works from disk; beside it the figures as JSON and CSV."""

from __future__ import annotations

import base64
import json
import os
from contextlib import ExitStack, suppress
from pathlib import Path

import numpy as np
import scipy.signal

from pipeline.drawing import png_bytes
from pipeline.engine.functional import convolve
from pipeline.errors import ReadError, UsageError
from pipeline.io import read_signal
from pipeline.io.names import refuse_taken
from pipeline.io.sink import AtomicFile, make_folder_of
from pipeline.io.wav import wav_header
from pipeline.kernel import Array
from pipeline.pages import page_from, report_parts, shown, template_text
from pipeline.text import with_minus

from . import figure as figures
from .decays import BandFigures
from .measured import Measured
from .voice import voice

__all__ = ["measure_page", "report_names", "write_report"]

_LONGEST_S = 5.0  # of the speech: the page stays small
_HEADROOM = 0.9
_MARKS = b"faltung measure report", b'"sweep": {', b"path,bands,band_hz"
"""What a page, its JSON and its CSV hold near their beginning, and hardly any other file."""
_HEAD_BYTES = 65_536
_COLUMNS = (
    ("edt_s", "EDT, s", ".2f"), ("t20_s", "T20, s", ".2f"), ("t30_s", "T30, s", ".2f"), ("c50_db", "C50, dB", ".1f"),
    ("c80_db", "C80, dB", ".1f"), ("d50", "D50", ".2f"), ("ts_s", "Ts, ms", ".0f"),
)  # fmt: skip


def write_report(
    made: Measured,
    path: str | os.PathLike[str],
    *,
    speech: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
) -> list[str]:
    """Write the page, and beside it ``.json`` and ``.csv``; all three or none. Returns their names.

    Raises
    ------
    UsageError, ReadError, WriteError
        the name is no page's or is taken; the speech cannot be read; they cannot be written.
    """
    page = report_names(path)[0]
    html = measure_page(made, speech)
    make_folder_of(page)
    texts = (html, made.to_json() + "\n", made.to_csv())
    with ExitStack() as stack:  # what was begun goes where another cannot be
        begun = []
        for name, text in zip(report_names(path), texts, strict=True):
            begun.append(stack.enter_context(AtomicFile(name, overwrite=overwrite)))
            begun[-1].write(text.encode())
        for file in begun:
            file.commit()
    return [str(name) for name in report_names(path)]


def report_names(path: str | os.PathLike[str]) -> tuple[Path, Path, Path]:
    """Names of the page, the JSON and the CSV; raises `UsageError` where the first is no page's."""
    page = Path(path)
    if page.suffix.lower() not in {".html", ".htm"}:
        raise UsageError(f"{page}: a report is a page; give a name that ends in .html")
    return page, page.with_suffix(".json"), page.with_suffix(".csv")


def refuse_other_files(path: str | os.PathLike[str], *, overwrite: bool) -> None:
    """Raise `UsageError` where a name of the report is taken, or would be taken from a file that is no report."""
    for name, mark in zip(report_names(path), _MARKS, strict=True):
        refuse_taken(name, overwrite=overwrite)
        with suppress(FileNotFoundError), name.open("rb") as file:
            if mark not in file.read(_HEAD_BYTES):
                rule = "is another file, which the report would replace; give the report another name"
                raise UsageError(f"{name}: {rule}")


def measure_page(made: Measured, speech: str | os.PathLike[str] | None = None) -> str:
    """The page as text; ``speech`` is a recording to be heard in the room, a made voice where there is none."""
    dry = voice(made.fs) if speech is None else _speech(speech, made.fs)
    wet = convolve(np.repeat(dry[:, None], min(2, made.taps.shape[2]), axis=1), made.taps[:, 0, :2])
    gain = _HEADROOM / max(float(np.abs(wet).max()), 1e-12)
    lags, level = figures.raw_levels(made, 700)
    pictures = {
        "recording": figures.recording_figure, "mirror": figures.mirror_figure, "response": figures.response_figure,
        "decay": figures.decay_figure, "spectrum": figures.spectrum_figure, "waterfall": figures.waterfall_figure,
    }  # fmt: skip
    sweep = made.sweep
    values = {
        "made": made,
        "pictures": {
            name: [base64.b64encode(png_bytes(draw(made, narrow=narrow))).decode() for narrow in (False, True)]
            for name, draw in pictures.items()
        },
        "takes": [(Path(take.name).name, take.name) for take in made.takes],
        "drift": [with_minus(f"{ppm:+.2f}") if abs(ppm) >= 0.005 else "0.00" for ppm in made.drift_ppm],
        "paths": [(path.path, [_cells(one) for one in path.octaves]) for path in made.paths],
        "columns": [title for _, title, _ in _COLUMNS],
        "dry": _wav(_HEADROOM * dry[:, None] / np.abs(dry).max(), made.fs),
        "wet": _wav(gain * wet, made.fs),
        "t30": made.paths[0].mid("t30_s"),
        "c80": made.paths[0].mid("c80_db"),
        "speech": "a made voice" if speech is None else Path(speech).name,
        "data": json.dumps({
            "lags": [round(float(t), 5) for t in lags], "level": [round(float(v), 1) for v in level],
            "length": sweep.length_s, "rate": sweep.rate_s, "low": sweep.from_hz, "high": sweep.to_hz,
            "harmonics": [[one.order, one.level_db] for one in made.harmonics if one.level_db is not None],
            "cut": made.cut_s,
        }),
    }  # fmt: skip
    own = {"style": report_parts()["style"], "script": template_text("faltung_measure", "measure.js")}
    return page_from("faltung_measure", "measure.html.j2", values, own=own, filters={"shown": shown})


def _cells(one: BandFigures) -> tuple[str, list[tuple[str, str]]]:
    """The band, and for each figure its text and, where it is not stated, why."""
    cells = []
    for name, _, form in _COLUMNS:
        value = getattr(one, name)
        scale = 1000 if name == "ts_s" else 1
        text = "not stated" if value is None else format(scale * value, form).replace("-", "\u2212")
        cells.append((text, with_minus(one.unstated.get(name, ""))))
    return f"{one.band_hz:,} Hz", cells


def _speech(path: str | os.PathLike[str], fs: float) -> Array:
    """The first seconds of a recording, one channel, at the rate of the room."""
    import soxr

    x, info = read_signal(path)
    mono = x[: round(_LONGEST_S * info.fs)].mean(axis=1)
    if not np.any(mono) or not np.isfinite(mono).all():
        raise ReadError(os.fspath(path), "holds no sound to be heard in the room")
    out: Array = soxr.resample(mono, info.fs, fs, quality="VHQ") if info.fs != fs else mono
    return out


def _wav(x: Array, fs: float) -> str:
    """Sound as a WAV of 16 bits, in base64; at half the rate where it is high, which nobody hears in a page."""
    if fs > 50_000:
        x, fs = scipy.signal.resample_poly(x, 1, 2, axis=0), fs / 2
    codes = np.rint(np.clip(x, -1, 1) * 32767).astype("<i2")
    header = wav_header(round(fs), codes.shape[1], "PCM_16", len(codes))
    return base64.b64encode(header + codes.tobytes()).decode()
