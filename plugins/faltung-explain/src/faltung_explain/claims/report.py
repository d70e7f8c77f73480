"""Runs every claim and writes the report: one page that works from disk, and the numbers.

Convention: the order is that of the argument, from the definition to practice.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from pipeline.text import with_minus

from ..bilingual import LANGUAGES, Language, name_in, texts_of
from . import VERDICTS, ClaimResult, images, learning, signals

PAGE = "claims.html"
NUMBERS = "numbers.json"

SCENES = {
    "continuous": 5,
    "both_axes": 8,
    "pattern": 8,
    "gradient": 8,
    "similarity": 8,
    "learnt": 8,
    "indispensable": 8,
}
"""The scene of the lesson in which the others can be taken in hand."""

_CLAIMS = (
    signals.continuous,
    images.both_axes,
    images.index_formula,
    signals.pattern,
    signals.aligned_with_the_past,
    signals.past_and_future,
    images.gradient,
    signals.similarity,
    signals.commutes,
    learning.frameworks,
    learning.learnt_weights,
    images.indispensable,
    signals.symmetric_matching,
    signals.circular,
)


def run_claims() -> list[ClaimResult]:
    """Put every claim to its experiment; about a quarter of a second in all."""
    return [claim() for claim in _CLAIMS]


def write_claims(folder: str | Path, *, lang: str = "en", results: list[ClaimResult] | None = None) -> Path:
    """Write ``claims.html``, which needs no network, and ``numbers.json`` into a folder, made if it is not there.

    Parameters
    ----------
    lang
        the language the page opens in; the other is one click away.
    results
        of `run_claims`, if it has been called already.

    Returns
    -------
    path
        of the page.

    Raises
    ------
    UsageError
        other files have these names.
    WriteError, DiskFullError
        the folder or a file cannot be written.
    """
    from pipeline.io.names import refuse_taken, refuse_url
    from pipeline.io.sink import make_folder, write_bytes

    done = run_claims() if results is None else results
    place = Path(folder)
    refuse_url(place)
    make_folder(place)
    numbers = {"claims": [{"key": r.key, "verdict": r.verdict, "numbers": r.numbers} for r in done]}
    files = {PAGE: page(done, lang), NUMBERS: json.dumps(numbers, indent=2, allow_nan=False) + "\n"}
    replaces = _is_ours(place / NUMBERS)
    if not replaces:
        for name in files:
            refuse_taken(place / name, overwrite=False)
    for name, text in files.items():
        write_bytes(place / name, text.encode(), overwrite=replaces)
    return place / PAGE


def _is_ours(numbers: Path) -> bool:
    """Whether an earlier report stands there."""
    try:
        found = json.loads(numbers.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and isinstance(found.get("claims"), list)


def page(results: list[ClaimResult], lang: str) -> str:
    """The report as one HTML page, its figures inside."""
    from pipeline.pages import page_from, template_text

    from ..drawing import speaking
    from .figures import WORDED, figure_svg

    def drawn(result: ClaimResult) -> str:
        return "data:image/svg+xml;base64," + base64.b64encode(figure_svg(result)).decode()

    figures = {r.key: drawn(r) for r in results}
    with speaking("zh"):
        worded = {r.key: {"en": figures[r.key], "zh": drawn(r)} for r in results if r.key in WORDED}
    numbers = {
        r.key: [
            {lang: (name_in(name, lang), number_text(v, lang)) for lang in LANGUAGES} for name, v in r.numbers.items()
        ]
        for r in results
    }
    essay = texts_of("essay.json")
    values = {
        "results": results,
        "figures": figures,
        "worded": worded,
        "numbers": numbers,
        "verdicts": VERDICTS,
        "essay": essay,
        "scenes": SCENES,
        "lang": lang,
    }
    own = {"script": template_text("faltung_explain", "claims.js")}
    return page_from("faltung_explain", "claims.html.j2", values, own=own)


def number_text(value: Any, lang: Language) -> str:
    """A number in four digits, a list or a table of them in words; what is not known as a dash."""
    if isinstance(value, dict):
        colon, semicolon = {"en": (": ", "; "), "zh": ("\N{FULLWIDTH COLON}", "\N{FULLWIDTH SEMICOLON}")}[lang]
        return semicolon.join(f"{name_in(name, lang)}{colon}{number_text(one, lang)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(number_text(one, lang) for one in value)
    if isinstance(value, bool):
        return {"en": ("no", "yes"), "zh": ("否", "是")}[lang][value]
    if isinstance(value, str):
        return value
    return "\N{EN DASH}" if value is None else with_minus(f"{value:.4g}")
