"""``faltung match``: where a template occurs in recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .options import Json, Overwrite, Quiet, Save, Verbose

__all__ = ["match"]


def _word(name: str, metavar: str, text: str) -> Any:
    return typer.Option(name, metavar=metavar, show_default=False, help=text)


_Recordings = Annotated[
    list[str], typer.Argument(metavar="RECORDING", show_default=False, help="Files or patterns; - is standard input.")
]
_Template = Annotated[
    list[str],
    typer.Option(
        "--template",
        "-t",
        metavar="WHAT",
        show_default=False,
        help="A file, a folder, FILE@START:END, or START:END of the recording itself. May be given again.",
    ),
]
_Events = Annotated[
    list[str] | None,
    typer.Option(
        "-o",
        "--output",
        metavar="EVENTS",
        show_default=False,
        help="Write the events: .csv .jsonl .parquet .selections.txt (Raven) .txt (Audacity); {stem} as for run. "
        "May be given again.",
    ),
]
_Page = Annotated[
    Path | None,
    typer.Option(
        "--report", metavar="FILE", show_default=False, help="Write a page with pictures, and the picture as PNG."
    ),
]


def match(
    recordings: _Recordings,
    template: _Template,
    threshold: Annotated[
        str, typer.Option("--threshold", metavar="WORDS", help='0.7, "mad 8", "1 per hour" or "fdr 5%".')
    ] = "0.7",
    score: Annotated[str | None, _word("--score", "WORD", "ncc, correlation or matched_filter.")] = None,
    polarity: Annotated[str | None, _word("--polarity", "WORD", "positive, negative or both.")] = None,
    channels: Annotated[str | None, _word("--channels", "WORD", "each, mean or sum.")] = None,
    min_distance: Annotated[
        str | None, _word("--min-distance", "TIME", "Of two nearer peaks the higher counts: 250 ms.")
    ] = None,
    domain: Annotated[str | None, _word("--domain", "WORD", "What is compared: waveform or spectrogram.")] = None,
    spectrogram: Annotated[
        str | None, _word("--spectrogram", "WORDS", "window=20ms,hop=5ms,low=2kHz,high=8kHz,floor=-80dB, or some.")
    ] = None,
    output: _Events = None,
    report: _Page = None,
    save: Save = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Find where a template occurs: correlation, which does not flip.

    \b
      faltung match day.wav --template call.wav --threshold "1 per hour" -o calls.csv
      faltung match day.wav --template 1.2:1.6 --report calls.html
    """  # noqa: D301  (the backspace tells typer to keep the lines)
    from .matching import Search, find_all

    settings = {
        "threshold": threshold,
        "score": score,
        "polarity": polarity,
        "channels": channels,
        "min_distance": min_distance,
        "domain": domain or (spectrogram and "spectrogram"),
        "spectrogram": spectrogram,
    }
    search = Search.of(recordings, template, settings, output or [], report=report, save=save, overwrite=overwrite)
    find_all(search, as_json=as_json, quiet=quiet, verbose=verbose)
