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
from .animation import contact_bytes, film_bytes, gif_bytes, images, storyboard
from .bilingual import LANGUAGES, Bilingual, join, say
from .drawing import png_bytes
from .example import WORKED
from .figure import FigureData, alt_text, caption, figure
from .page import MADE_BY, numbers, page_data, page_html
from .sounds import Identity, make_sounds, wav_bytes
from .subject import Excerpt, Subject, default_subject, excerpt, for_listening, subject_of

if TYPE_CHECKING:
    from ..config.load import LoadedConfig


@dataclass(frozen=True)
class Explained:
    """The folder of an explanation: the files that were written, and what was proved on the way."""

    folder: Path
    files: dict[str, int]
    """Sizes in bytes by name, the page first."""
    identities: tuple[Identity, ...]
    name: str
    notes: tuple[str, ...]
    lang: str


def explain_example(folder: str | Path, *, lang: str = "en", overwrite: bool = False) -> Explained:
    """Explain with the worked example: x = [0, 3, 1, 2, 0, 0, 0, 0], h = [4, 2, 1]."""
    return _explain(default_subject(), Excerpt(WORKED, say("worked")), None, Path(folder), lang, overwrite)


def explain_stage(
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
        nothing to explain: see `subject_of`; or the folder holds other files of these names.
    """
    subject = subject_of(loaded, Path(source) if isinstance(source, str) else source, stage)
    cut = excerpt(subject)
    return _explain(subject, cut, cut, Path(folder), lang, overwrite)


def _explain(
    subject: Subject, shown: Excerpt, own: Excerpt | None, folder: Path, lang: str, overwrite: bool
) -> Explained:
    if lang not in LANGUAGES:
        raise UsageError(f"--lang is one of {', '.join(LANGUAGES)}, got {lang!r}")
    replaces = overwrite or _is_ours(folder)
    listening = for_listening(subject)
    sounds = make_sounds(listening.x, listening.h, listening.fs)
    data = FigureData.of(shown.example)
    captions = caption(shown.example, data.difference)
    notes = [*subject.notes, *listening.notes, *([_symmetry_note(subject)] if own is not None else [])]
    texts = {"caption": captions, "alt": alt_text(data)}
    found = numbers(shown.example, shown.name, texts, data.difference, sounds, notes)
    shown_texts: dict[str, Any] = {"caption": captions, "notes": notes}
    if own is None:
        shown_texts |= {"signal": say("scene"), "stage": say("room")}
    else:
        shown_texts |= {
            "signal": dict.fromkeys(LANGUAGES, subject.signal),
            "stage": dict.fromkeys(LANGUAGES, subject.stage),
        }
    page = page_html(page_data(own, listening, sounds, shown_texts), sounds, lang)
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


def _symmetry_note(subject: Subject) -> Bilingual:
    """Whether the flip can be seen at all with this kernel, and whether the stage already goes without it."""
    sentence = subject.symmetry
    note = say("asymmetric" if sentence.startswith("asymmetric") else "symmetric", sentence=sentence)
    return join(note, say("correlates")) if subject.correlates else note


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
