"""The page, one HTML file that carries its scripts, its style and what its sounds are made from; and its numbers.

Convention: all that is shown is data in a JSON block, made here; the scripts draw it and make the sounds from the
signal and the kernel. Words are in ``templates/words.json``, in both languages; the page needs no network.
"""

from __future__ import annotations

import base64
import math
from dataclasses import asdict
from itertools import pairwise
from typing import Any

import numpy as np

from pipeline.kernel import Taps
from pipeline.pages import page_from, template_text

from .bilingual import Bilingual, texts_of
from .example import PRESETS, WORKED, Example, sum_text
from .excerpt import Excerpt
from .listening import Listening
from .said import is_room, moved_by
from .sounds import SoundSet
from .subject import Subject

MADE_BY = "faltung explain"

SCRIPTS = ("core.js", "sound.js", "scenes.js", "turning.js", "plane.js", "run.js")
"""The parts of the page's script, in order."""

PATH_BINS = 60
_HERE = "faltung_explain"


def page_html(data: dict[str, Any], lang: str) -> str:
    """The page, opened in ``lang``."""
    words = texts_of("words.json")
    values = {
        "lang": lang,
        "words": words,
        "data": {**data, "lang": lang, "words": words},
        "worked": WORKED,
        "table": WORKED.launches("convolve")[:, len(WORKED.h) - 1 :][:, : len(WORKED.x)].tolist(),
        "essay": texts_of("essay.json"),
        "libraries": texts_of("libraries.json"),
    }
    own = {
        "css": template_text(_HERE, "page.css"),
        "script": "\n".join(template_text(_HERE, name) for name in SCRIPTS),
    }
    return page_from(_HERE, "page.html.j2", values, own=own)


def page_data(
    subject: Subject, own: Excerpt | None, listening: Listening, sounds: SoundSet, texts: dict[str, Any]
) -> dict[str, Any]:
    """The data that the scripts draw: kernels with their outputs, signal and kernel as sounds, identities.

    ``own`` is an excerpt of somebody's own signal; ``texts`` are caption, signal, stage, notes and measured sentences.
    """
    presets = [_preset(name, Example.of(WORKED.x, h, WORKED.now, origin)) for name, (h, origin) in PRESETS.items()]
    a, b = (next(s.samples for s in sounds.sounds if s.name == name) for name in ("04_convolved", "05_correlated"))
    return {
        **texts,
        "presets": presets,
        "run": None if own is None else {**_preset("run", own.example), "note": own.name, "frames": own.frames},
        "is_table": subject.is_table,
        "correlates": subject.correlates,
        "searches": bool(subject.searches),
        "room": is_room(subject),
        "moved": moved_by(listening, a, b),
        "paths": [
            {"from": i, "to": o, "outline": outline(taps[::-1] if subject.correlates else taps, PATH_BINS)}
            for i, o, taps in subject.paths
        ],
        "sound": {
            "fs": listening.fs,
            "times": listening.times,
            "start": round(listening.start_s, 3),
            "origin": listening.origin,
            "taps": len(listening.h),
            "dry": codes(listening.x),
            "kernel": _kernel(listening),
            "apart": float(np.abs(a - b).max(initial=0.0)) / (float(max(np.abs(a).max(), np.abs(b).max())) or 1.0),
        },
        "identities": [
            {**one.words, "residual": one.residual, "bound": one.bound, "lsb": one.lsb} for one in sounds.identities
        ],
    }


def _preset(name: str, example: Example) -> dict[str, Any]:
    return {
        "id": name,
        "x": example.x.tolist(),
        "h": example.h.tolist(),
        "origin": example.origin,
        "now": example.now,
        "y": example.y.tolist(),
        "r": example.r.tolist(),
    }


def codes(samples: Taps) -> dict[str, Any]:
    """Samples as 16-bit numbers in base64, and what the largest of them stands for."""
    peak = float(np.abs(samples).max(initial=0.0)) or 1.0
    packed = np.rint(samples / peak * 32767).astype("<i2").tobytes()
    return {"peak": peak, "base64": base64.b64encode(packed).decode("ascii")}


def _kernel(listening: Listening) -> dict[str, Any]:
    if not listening.sparse:
        return codes(listening.h)
    return {"sparse": [[int(k), float(listening.h[k])] for k in np.flatnonzero(listening.h)]}


def outline(taps: Taps, bins: int) -> list[float]:
    """The largest magnitude of each of ``bins`` stretches, in two digits."""
    edges = np.linspace(0, len(taps), bins + 1).astype(int)
    return [float(f"{np.abs(taps[a : max(b, a + 1)]).max():.2g}") for a, b in pairwise(edges.tolist())]


def numbers(
    example: Example,
    name: Bilingual,
    texts: dict[str, Any],
    difference: float,
    sounds: SoundSet,
    notes: list[Bilingual],
) -> dict[str, Any]:
    """The numbers behind pictures, page and sounds; ``name`` and ``notes`` are in both languages."""
    return {
        "made_by": MADE_BY,
        "example": {
            "name": name,
            "x": example.x.tolist(),
            "h": example.h.tolist(),
            "origin": example.origin,
            "now": example.now,
            "n": example.n.tolist(),
            "convolved": example.y.tolist(),
            "correlated": example.r.tolist(),
            "sum_at_now": sum_text(example, example.now, "convolve"),
            "sum_x_times_sum_h": float(example.x.sum() * example.h.sum()),
        },
        "figure": texts,
        "symmetric_difference": difference,
        "sounds": [
            {"name": s.name, "frames": len(s.samples), "fs": s.fs, "seconds": len(s.samples) / s.fs, "peak": s.peak}
            for s in sounds.sounds
        ],
        "gain_db": 20 * math.log10(sounds.gain),
        "time_zero_frame": sounds.zero,
        "facts": sounds.facts,
        "identities": [{**asdict(one), "holds": one.holds} for one in sounds.identities],
        "notes": notes,
    }
