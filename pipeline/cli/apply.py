"""``faltung apply``: a pipeline without a file, written as words."""

from __future__ import annotations

from .options import In, Json, Out, Overwrite, Precision, Quiet, Save, Subtype, Tail, Verbose, Words

__all__ = ["apply"]


def apply(
    source: In,
    target: Out,
    words: Words,
    save: Save = None,
    precision: Precision = None,
    tail: Tail = None,
    subtype: Subtype = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run stages written on the command line.

    \b
      faltung apply in.wav out.wav echo delay="250 ms" : smooth length="5 ms"
      faltung stages        lists the stages
      faltung stages echo   says what one takes
    """  # noqa: D301  (the backspace tells typer to keep the lines)
    from .running import check_streams, finish
    from .words import Spoken

    check_streams([source], target, as_json=as_json)
    spoken = Spoken(source, target, words, precision=precision, tail=tail, subtype=subtype)
    with spoken.naming_stages():
        work = spoken.work(overwrite=overwrite, save=save)
        finish(work, as_json=as_json, quiet=quiet, verbose=verbose)
    if save is not None:
        spoken.save(save, work, overwrite=overwrite)
