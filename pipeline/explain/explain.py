"""Puts an explanation together: the sounds, the pictures, the page and the numbers, written into one folder.

Convention: everything is made in memory first. A folder is written into if it holds none of these files, or if they
are those of an earlier explanation; otherwise only when asked to overwrite.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config.inputs import files_read
from ..errors import UsageError
from ..io import Remote
from ..io.apart import Named, keep_apart, read_with_sidecars
from ..io.remote import place_of
from ..io.sink import write_bytes
from .animation import contact_bytes, film_bytes, gif_bytes, images, storyboard
from .bilingual import LANGUAGES, Bilingual, join, say
from .drawing import png_bytes
from .example import WORKED, Example
from .figure import FigureData, alt_text, caption, figure
from .page import MADE_BY, numbers, page_data, page_html
from .sounds import Identity, make_sounds, wav_bytes
from .subject import Excerpt, Subject, default_subject, excerpt, for_listening, subject_of

if TYPE_CHECKING:
    from ..config.load import LoadedConfig

_FILM = ("flip.gif", "flip.mp4", "contact.png")
_MADE = re.compile(r"index\.html|figure\.png|numbers\.json|\d\d_\w+\.wav")
"""Names of the files of an explanation, its film aside."""


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


def explain_example(folder: str | Path, *, lang: str = "en", film: bool = False, overwrite: bool = False) -> Explained:
    """Explain with the worked example: x = [0, 3, 0, 1, 2, 0, 0, 0], h = [4, 2, 1]; ``film`` as in `explain_stage`."""
    return _explain(default_subject(), Excerpt(WORKED, say("worked")), None, Path(folder), lang, film, overwrite)


def explain_stage(
    loaded: LoadedConfig,
    source: str | Path | Remote,
    folder: str | Path,
    *,
    stage: str | None = None,
    lang: str = "en",
    film: bool = False,
    overwrite: bool = False,
) -> Explained:
    """Explain one stage of a configuration with the signal in ``source``, as it reaches that stage.

    Parameters
    ----------
    stage
        an id or an index; the first kernel that is not symmetric unless given.
    lang
        ``en`` or ``zh``: the language the page opens in.
    film
        also the animation as GIF and MP4, and its contact sheet: they take most of the time.

    Raises
    ------
    UsageError, ConfigError, SignalError, ReadError
        nothing to explain: see `subject_of`; or the folder holds other files of these names.
    """
    place = place_of(source)
    subject = subject_of(loaded, place, stage)
    cut = excerpt(subject)
    read = [*files_read(loaded), *read_with_sidecars([place])]
    return _explain(subject, cut, cut, Path(folder), lang, film, overwrite, read)


def _explain(
    subject: Subject,
    shown: Excerpt,
    own: Excerpt | None,
    folder: Path,
    lang: str,
    film: bool,
    overwrite: bool,
    read: Sequence[Named] = (),
) -> Explained:
    if lang not in LANGUAGES:
        raise UsageError(f"--lang is one of {', '.join(LANGUAGES)}, got {lang!r}")
    ours = is_explanation(folder)
    # an earlier film goes with the earlier explanation
    _refuse_taken(folder, read, _FILM if film or ours else (), overwrite=overwrite or ours)
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
    made = {
        "index.html": page.encode(),
        "figure.png": png_bytes(figure(data, captions["en"])),
        **(_film(shown.example) if film else {}),
        **{f"{sound.name}.wav": wav_bytes(sound) for sound in sounds.sounds},
        "numbers.json": (json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode(),
    }
    _write(folder, made, overwrite=overwrite or ours)
    for name in _FILM if ours else ():
        if name not in made:  # that of an earlier explanation shows another signal
            (folder / name).unlink(missing_ok=True)
    sizes = {name: len(content) for name, content in made.items()}
    return Explained(folder, sizes, sounds.identities, shown.name[lang], tuple(note[lang] for note in notes), lang)


def _film(example: Example) -> dict[str, bytes]:
    """Files of the animation; no MP4 where there is no ffmpeg."""
    shots = storyboard(example)
    pictures = images(shots, example)
    film = film_bytes(shots, pictures)
    sheet = contact_bytes([picture for shot, picture in zip(shots, pictures, strict=True) if shot.key])
    made = {"flip.gif": gif_bytes(shots, pictures), "flip.mp4": film, "contact.png": sheet}
    return {name: content for name, content in made.items() if content is not None}


def _symmetry_note(subject: Subject) -> Bilingual:
    """Whether the flip can be seen at all with this kernel, and whether the stage already goes without it."""
    sentence = subject.symmetry
    note = say("asymmetric" if sentence.startswith("asymmetric") else "symmetric", sentence=sentence)
    return join(note, say("correlates")) if subject.correlates else note


def is_explanation(folder: Path) -> bool:
    """Whether an earlier explanation stands in the folder."""
    try:
        found = json.loads((folder / "numbers.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.get("made_by") == MADE_BY


def _refuse_taken(folder: Path, read: Sequence[Named], films: Sequence[str], *, overwrite: bool) -> None:
    """Refuse, before any work, a folder that holds what is read under one of these names, or other files of them."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: is no folder; -o names the folder that the explanation is written into")
    taken = [one for one in folder.glob("*") if one.name in films or _MADE.fullmatch(one.name)]
    taken.sort(key=lambda one: (one.name != "index.html", one))
    keep_apart(read, [Named(one, "a file of the explanation") for one in taken])
    if taken and not overwrite:
        raise UsageError(f"{taken[0]}: exists already; give --overwrite, or another folder")


def _write(folder: Path, made: dict[str, bytes], *, overwrite: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in made.items():
        write_bytes(folder / name, content, overwrite=overwrite)
