"""Puts an explanation together: the sounds, the pictures, the page and the numbers, written into one folder.

Convention: everything is made in memory first. A folder is written into if it holds none of these files, or if they
are those of an earlier explanation; otherwise only when asked to overwrite.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..io import Remote
from ..io.sink import write_bytes
from .animation import film_bytes, gif_bytes, images
from .captions import alt_text, caption
from .contact import contact_bytes
from .excerpt import Excerpt, excerpt, for_listening
from .figure import FigureData, figure, png_bytes
from .identity import Identity
from .numbers import MADE_BY, numbers
from .page import page_data, page_html
from .run import Run, default_run, run_of
from .sounds import make_sounds, wav_bytes
from .storyboard import storyboard
from .words import LANGUAGES, Words, join, say
from .worked import WORKED

if TYPE_CHECKING:
    from ..config.load import LoadedConfig

__all__ = ["Explained", "explain_default", "explain_run"]


@dataclass(frozen=True)
class Explained:
    """What was written, and what was proved on the way."""

    folder: Path
    files: dict[str, int]
    """Sizes in bytes by name, the page first."""
    identities: tuple[Identity, ...]
    name: str
    notes: tuple[str, ...]
    lang: str


def explain_default(folder: str | Path, *, lang: str = "en", overwrite: bool = False) -> Explained:
    """Explain with the worked example: x = [0, 3, 0, 1, 2, 0, 0, 0], h = [4, 2, 1]."""
    return _explain(default_run(), Excerpt(WORKED, say("worked")), None, Path(folder), lang, overwrite)


def explain_run(
    loaded: LoadedConfig,
    source: str | Path | Remote,
    folder: str | Path,
    *,
    stage: str | None = None,
    lang: str = "en",
    overwrite: bool = False,
) -> Explained:
    """Explain one stage of a configuration with the signal in ``source``, as it reaches that stage.

    Parameters
    ----------
    stage
        an id or an index; the first kernel that is not symmetric unless given.
    lang
        ``en`` or ``zh``: the language the page opens in.

    Raises
    ------
    UsageError, ConfigError, SignalError, ReadError
        nothing to explain: see `run_of`; or the folder holds other files of these names.
    """
    run = run_of(loaded, Path(source) if isinstance(source, str) else source, stage)
    cut = excerpt(run)
    return _explain(run, cut, cut, Path(folder), lang, overwrite)


def _explain(run: Run, shown: Excerpt, own: Excerpt | None, folder: Path, lang: str, overwrite: bool) -> Explained:
    if lang not in LANGUAGES:
        raise UsageError(f"--lang is one of {', '.join(LANGUAGES)}, got {lang!r}")
    replaces = overwrite or _is_ours(folder)
    listening = for_listening(run)
    sounds = make_sounds(listening.x, listening.h, listening.fs)
    data = FigureData.of(shown.example)
    captions = caption(shown.example, data.difference)
    notes = [*run.notes, *listening.notes, *([_symmetry_note(run)] if own is not None else [])]
    texts = {"caption": captions, "alt": alt_text(data)}
    found = numbers(shown.example, shown.name, texts, data.difference, sounds, notes)
    said: dict[str, Any] = {"caption": captions, "notes": notes}
    if own is None:
        said |= {"signal": say("scene"), "stage": say("room")}
    else:
        said |= {"signal": dict.fromkeys(LANGUAGES, run.signal), "stage": dict.fromkeys(LANGUAGES, run.stage)}
    page = page_html(page_data(own, listening, sounds, said), sounds, lang)
    shots = storyboard(shown.example)
    pictures = images(shots, shown.example)
    film = film_bytes(shots, pictures)
    made = {
        "index.html": page.encode(),
        "figure.png": png_bytes(figure(data, captions["en"])),
        "flip.gif": gif_bytes(shots, pictures),
        **({"flip.mp4": film} if film is not None else {}),
        "contact.png": contact_bytes([picture for shot, picture in zip(shots, pictures, strict=True) if shot.key]),
        **{f"{sound.name}.wav": wav_bytes(sound) for sound in sounds.sounds},
        "numbers.json": (json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode(),
    }
    _write(folder, made, overwrite=replaces)
    sizes = {name: len(content) for name, content in made.items()}
    return Explained(folder, sizes, sounds.identities, shown.name[lang], tuple(note[lang] for note in notes), lang)


def _symmetry_note(run: Run) -> Words:
    """Whether the flip can be seen at all with this kernel, and whether the stage already goes without it."""
    sentence = run.symmetry
    note = say("asymmetric" if sentence.startswith("asymmetric") else "symmetric", sentence=sentence)
    return join(note, say("correlates")) if run.correlates else note


def _is_ours(folder: Path) -> bool:
    """Whether an earlier explanation stands in the folder."""
    try:
        found = json.loads((folder / "numbers.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.get("made_by") == MADE_BY


def _write(folder: Path, made: dict[str, bytes], *, overwrite: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: is no folder; -o names the folder that the explanation is written into")
    taken = [name for name in made if (folder / name).exists()]
    if taken and not overwrite:
        raise UsageError(f"{folder / taken[0]}: exists already; give --overwrite, or another folder")
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in made.items():
        write_bytes(folder / name, content, overwrite=overwrite)
