"""From a command line to an explanation, and what is said when it is written: the files, and each residual."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.terminal import Card, Output, table
from pipeline.errors import UsageError
from pipeline.io.names import shown_path
from pipeline.text import size

if TYPE_CHECKING:
    from .explain import Explained


def explain_worked(
    folder: Path, stage: str | None, lang: str, *, film: bool, overwrite: bool, quiet: bool
) -> Explained:
    """The worked example; raises `UsageError` where a stage is asked of it."""
    from .explain import explain_example

    if stage is not None:
        raise UsageError("--stage chooses a stage of a configuration; name the configuration, too")
    return explain_example(folder, lang=lang, overwrite=overwrite, film=film, progress=_first_word(quiet=quiet))


def explain_config(
    config: str,
    source: str | None,
    folder: Path,
    stage: str | None,
    lang: str,
    *,
    film: bool,
    overwrite: bool,
    quiet: bool,
) -> Explained:
    """A stage of a configuration, with an input of one's own or the configuration's first."""
    from pipeline.config.load import load_config
    from pipeline.runs.work import sources_of

    from .explain import explain_stage

    loaded = load_config(config)
    sources, _ = sources_of(loaded, [source] if source is not None else ())
    if not sources:
        raise UsageError("no input; name a file after CONFIG, or set input: in it")
    if str(sources[0]) == "-":
        raise UsageError("explain reads a file, not standard input; name one")
    told = _first_word(quiet=quiet)
    return explain_stage(
        loaded, sources[0], folder, stage=stage, lang=lang, overwrite=overwrite, film=film, progress=told
    )


def _first_word(*, quiet: bool) -> Callable[[Path], None]:
    """Say where the page is as soon as it is there; what takes longer follows."""
    output = Output(quiet)

    def told(path: Path) -> None:
        if path.suffix == ".html":
            output.show(f"{shown_path(path)} is there; the sounds and the figure follow")

    return told


def explain_claims(folder: Path, lang: str, *, quiet: bool) -> None:
    """Put each claim to its experiment, write the report, and say what became of them."""
    from .bilingual import LANGUAGES
    from .claims import VERDICTS
    from .claims.report import run_claims, write_claims

    if lang not in LANGUAGES:
        raise UsageError(f"--lang is one of {', '.join(LANGUAGES)}, got {lang!r}")
    results = run_claims()
    page = write_claims(folder, lang=lang, results=results)
    verdicts = table("verdict", "claim", "what the experiment shows", fold=2)
    for one in results:
        texts = (VERDICTS[one.verdict], one.claim, one.finding)
        verdicts.add_row(*(text[lang] for text in texts))
    Output(quiet).show(verdicts, "", Card({"written": shown_path(page)}))


def told(notes: Sequence[str]) -> str:
    """Notes as sentences in a row: each ends in a full stop."""
    return " ".join(note if note.endswith((".", "。")) else f"{note}." for note in notes)


def show_explained(explained: Explained, *, quiet: bool) -> None:
    """The files with their sizes, then what was checked with its residuals, and what to open."""
    files = table("file", "size", right=(1,))
    sounds = {name: count for name, count in explained.files.items() if name.endswith(".wav")}
    for name, count in explained.files.items():
        if name not in sounds:
            files.add_row(shown_path(explained.folder / name), size(count))
    files.add_row(f"{len(sounds)} sounds, {min(sounds)} to {max(sounds)}", size(sum(sounds.values())))
    proofs = table("checked on the samples", "residual", "bound", "16-bit steps", right=(1, 2, 3))
    for one in explained.identities:
        steps = "" if one.lsb is None else str(one.lsb)
        held = "" if one.holds else "  DOES NOT HOLD"
        proofs.add_row(
            one.words[explained.lang] + held,
            f"{one.residual:.1e}",
            f"{one.bound:.1e}",
            steps,
        )
    facts = {"shown": explained.name, **({"mind": told(explained.notes)} if explained.notes else {})}
    page = shown_path(explained.folder / "index.html")
    Output(quiet).show(Card(facts), "", files, "", proofs, "", f"Open {page}")
