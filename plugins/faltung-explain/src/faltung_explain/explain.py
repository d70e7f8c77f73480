"""Puts an explanation together: the page, the sounds, the numbers, the figure, and a film when asked for.

Convention: a folder is written into if it holds none of these files, or if they are those of an earlier explanation;
otherwise only when asked to overwrite. The page is written first, the pictures, which take longest, last.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.config.inputs import files_read
from pipeline.errors import UsageError
from pipeline.io import Remote
from pipeline.io.apart import Named, keep_apart, read_with_sidecars
from pipeline.io.names import refuse_url
from pipeline.io.remote import place_of
from pipeline.io.sink import make_folder, write_bytes

from .animation import contact_bytes, film_bytes, gif_bytes, images, storyboard
from .bilingual import LANGUAGES, say
from .drawing import chinese_font, png_bytes, speaking
from .example import WORKED, Example
from .excerpt import Excerpt, excerpt
from .figure import FigureData, alt_text, caption, figure
from .listening import for_listening
from .page import MADE_BY, numbers, page_data, page_html
from .said import sentences
from .sounds import Identity, make_sounds, wav_bytes
from .subject import Subject, default_subject, subject_of

if TYPE_CHECKING:
    from pipeline.config.load import LoadedConfig

_FILM = ("flip.gif", "flip.mp4", "contact.png")
_MADE = re.compile(r"index\.html|figure\.png|numbers\.json|\d\d_\w+\.wav")
"""Names of the files of an explanation, its film aside."""

Progress = Callable[[Path], None]
"""Told of each file as soon as it is there."""


@dataclass(frozen=True)
class Explained:
    """The folder of an explanation: the files that were written, and what was checked on the way."""

    folder: Path
    files: dict[str, int]
    """Sizes in bytes by name, the page first."""
    identities: tuple[Identity, ...]
    name: str
    notes: tuple[str, ...]
    lang: str


def explain_example(
    folder: str | Path,
    *,
    lang: str = "en",
    overwrite: bool = False,
    film: bool = False,
    progress: Progress | None = None,
) -> Explained:
    """Explain with the worked example: x = [0, 3, 1, 2, 0, 0, 0, 0], h = [4, 2, 1]."""
    shown = Excerpt(WORKED, say("worked"))
    return _explain(default_subject(), shown, None, Path(folder), lang, overwrite, film, progress)


def explain_stage(
    loaded: LoadedConfig,
    source: str | Path | Remote,
    folder: str | Path,
    *,
    stage: str | None = None,
    lang: str = "en",
    overwrite: bool = False,
    film: bool = False,
    progress: Progress | None = None,
) -> Explained:
    """Explain one stage of a configuration with the signal in ``source``, as it reaches that stage.

    Parameters
    ----------
    stage
        an id or an index; the first kernel that is not symmetric unless given.
    lang
        ``en`` or ``zh``: the language the page opens in, and that of the pictures.
    film
        also make an animation and its contact sheet, which takes some seconds.
    progress
        told of each file as soon as it is written.

    Raises
    ------
    UsageError, ConfigError, SignalError, ReadError
        nothing to explain: see `subject_of`; or the folder holds other files of these names.
    """
    place = place_of(source)
    subject = subject_of(loaded, place, stage)
    cut = excerpt(subject)
    read = [*files_read(loaded), *read_with_sidecars([place])]
    return _explain(subject, cut, cut, Path(folder), lang, overwrite, film, progress, read)


def _explain(
    subject: Subject,
    shown: Excerpt,
    own: Excerpt | None,
    folder: Path,
    lang: str,
    overwrite: bool,
    film: bool,
    progress: Progress | None,
    read: Sequence[Named] = (),
) -> Explained:
    if lang not in LANGUAGES:
        raise UsageError(f"--lang is one of {', '.join(LANGUAGES)}, got {lang!r}")
    ours = is_explanation(folder)
    # an earlier film goes with the earlier explanation
    _refuse_taken(folder, read, _FILM if film or ours else (), overwrite=overwrite or ours)
    listening = for_listening(subject)
    sounds = make_sounds(listening.x, listening.h, listening.fs, listening.origin)
    data = FigureData.of(shown.example)
    captions = caption(shown.example, data.difference)
    said = sentences(subject, listening, sounds)
    warnings = [] if listening.warning is None else [listening.warning]
    speaks = "en" if lang == "zh" and chinese_font() is None else lang
    unspoken = [] if speaks == lang else [say("no_font")]
    notes = [*unspoken, *warnings, *said, *subject.notes, *listening.notes]
    found = numbers(
        shown.example, shown.name, {"caption": captions, "alt": alt_text(data)}, data.difference, sounds, notes
    )
    texts: dict[str, Any] = {
        "caption": captions,
        "signal": say("scene") if own is None else dict.fromkeys(LANGUAGES, subject.signal),
        "stage": say("room") if own is None else dict.fromkeys(LANGUAGES, subject.stage),
        "warnings": warnings,
        "said": said,
        "notes": [*subject.notes, *listening.notes],
    }

    def made() -> Iterator[tuple[str, bytes]]:
        page = page_html(page_data(subject, own, listening, sounds, texts), lang)
        yield "index.html", page.encode(errors="backslashreplace")  # a name that is not UTF-8
        for sound in sounds.sounds:
            yield f"{sound.name}.wav", wav_bytes(sound)
        written = json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        yield "numbers.json", written.encode(errors="backslashreplace")
        with speaking(lang):
            pictures = [("figure.png", png_bytes(figure(data, captions[speaks])))]
            pictures += _film(shown.example) if film else ()
        yield from pictures

    sizes = {}
    with removed_when_empty(folder):
        for name, content in made():
            write_bytes(folder / name, content, overwrite=overwrite or ours)
            sizes[name] = len(content)
            if progress is not None:
                progress(folder / name)
    for stale in set(_FILM) - set(sizes) if ours else ():  # it shows another signal
        (folder / stale).unlink(missing_ok=True)
    return Explained(folder, sizes, sounds.identities, shown.name[lang], tuple(note[lang] for note in notes), lang)


@contextmanager
def removed_when_empty(folder: Path) -> Iterator[None]:
    """A folder to write into, made with those above it; those that were made go again where nothing was written."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    make_folder(folder)
    try:
        yield
    except BaseException:
        with suppress(OSError):
            for one in missing:
                one.rmdir()
        raise


def _film(example: Example) -> Iterator[tuple[str, bytes]]:
    """The animation, as a film where there is a program for it, and its contact sheet."""
    shots = storyboard(example)
    pictures = images(shots, example)
    yield "flip.gif", gif_bytes(shots, pictures)
    coded = film_bytes(shots, pictures)
    if coded is not None:
        yield "flip.mp4", coded
    yield "contact.png", contact_bytes([picture for shot, picture in zip(shots, pictures, strict=True) if shot.key])


def is_explanation(folder: Path) -> bool:
    """Whether an earlier explanation stands in the folder."""
    try:
        found = json.loads((folder / "numbers.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.get("made_by") == MADE_BY


def _refuse_taken(folder: Path, read: Sequence[Named], films: Sequence[str], *, overwrite: bool) -> None:
    """Refuse, before any work, a folder that holds what is read under one of these names, or other files of them."""
    refuse_url(folder)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: is no folder; -o names the folder that the explanation is written into")
    taken = [one for one in folder.glob("*") if one.name in films or _MADE.fullmatch(one.name)]
    taken.sort(key=lambda one: (one.name != "index.html", one))
    keep_apart(read, [Named(one, "a file of the explanation") for one in taken])
    if taken and not overwrite:
        raise UsageError(f"{taken[0]}: exists already; give --overwrite, or another folder")
