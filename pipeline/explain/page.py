"""The page, one HTML file that carries its script, its style and its sounds and needs no network; and its numbers.

Convention: all that is shown is data in a JSON block, made here; the script draws it. Bilingual are in
``templates/words.json``, in both languages.
"""

from __future__ import annotations

import base64
import json
import math
from dataclasses import asdict
from itertools import pairwise
from typing import Any

import numpy as np

from ..kernel import Taps
from ..pages import page_from, template_text
from .bilingual import Bilingual, with_minus
from .example import PRESETS, WORKED, Example, sum_text
from .sounds import Sound, SoundSet, wav_bytes
from .subject import Excerpt, Listening

MADE_BY = "faltung explain"

TRACKS = ("01_dry", "04_convolved", "05_correlated", "08_symmetric_convolved", "08_symmetric_correlated", "08_null")
"""The sounds that share one playhead."""

BINS = 320
_HERE = "pipeline.explain"


def page_html(data: dict[str, Any], sounds: SoundSet, lang: str) -> str:
    """The page, opened in ``lang``."""
    words = json.loads(template_text(_HERE, "words.json"))
    values = {
        "lang": lang,
        "words": words,
        "data": {**data, "lang": lang, "words": words},
        "sounds": [_playable(sound) for sound in sounds.sounds],
    }
    own = {"css": template_text(_HERE, "page.css"), "script": template_text(_HERE, "page.js")}
    return page_from(_HERE, "page.html.j2", values, own=own)


def _playable(sound: Sound) -> dict[str, Any]:
    encoded = base64.b64encode(wav_bytes(sound)).decode("ascii")
    return {"name": sound.name, "seconds": len(sound.samples) / sound.fs, "base64": encoded}


def page_data(
    own: Excerpt | None,
    listening: Listening,
    sounds: SoundSet,
    texts: dict[str, Any],
) -> dict[str, Any]:
    """The data that the script draws: kernels with their outputs, outlines of the sounds, identities.

    ``own`` is an excerpt of somebody's own signal; ``texts`` are caption, signal and stage.
    """
    by_name = {sound.name: sound.samples for sound in sounds.sounds}
    loudest = max(float(np.abs(by_name[name]).max(initial=0.0)) for name in TRACKS)
    line, kernel = len(by_name["01_dry"]), listening.h
    bins = max(12, round(BINS * len(kernel) / line))
    presets = [] if own is None else [_preset("run", own.example, own.name)]
    presets += [
        _preset(name, Example.of(WORKED.x, h, WORKED.now, origin), {"en": "", "zh": ""})
        for name, (h, origin) in PRESETS.items()
    ]
    return {
        **texts,
        "presets": presets,
        "tracks": TRACKS,
        "envelopes": {
            **{name: envelope(by_name[name], BINS, loudest) for name in TRACKS},
            "kernel": envelope(kernel, bins, float(np.abs(kernel).max())),
        },
        "timeline": {"seconds": line / listening.fs, "kernel_seconds": len(kernel) / listening.fs},
        "gain_db": with_minus(f"{20 * math.log10(sounds.gain):+.1f}"),
        "identities": [
            {**one.words, "residual": one.residual, "bound": one.bound, "lsb": one.lsb} for one in sounds.identities
        ],
    }


def _preset(name: str, example: Example, note: Bilingual) -> dict[str, Any]:
    return {
        "id": name,
        "x": example.x.tolist(),
        "h": example.h.tolist(),
        "now": example.now,
        "y": example.y.tolist(),
        "r": example.r.tolist(),
        "note": note,
    }


def envelope(samples: Taps, bins: int, loudest: float) -> list[list[float]]:
    """The lowest and the highest sample of each of ``bins`` stretches, as shares of ``loudest``, in two digits."""
    edges = np.linspace(0, len(samples), bins + 1).round().astype(int)
    parts = [samples[a : max(b, a + 1)] for a, b in pairwise(edges.tolist())]
    scale = loudest or 1.0
    return [[round(float(p.min(initial=0.0)) / scale, 3), round(float(p.max(initial=0.0)) / scale, 3)] for p in parts]


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
