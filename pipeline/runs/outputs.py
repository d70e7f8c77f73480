"""Everything that a run writes, and what of it is refused before the first file is begun."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ..batch.resume import Item
from ..config.inputs import STREAM, Place
from ..config.model import Configuration
from ..errors import UsageError
from ..io.apart import Named
from ..io.names import is_stream, shown_path
from ..io.tables import is_own_sidecar
from ..match.writers import event_format
from ..plugins import bundled
from ..text import first_few


def refuse_formats(items: Sequence[Item], settings: Configuration) -> None:
    """Refuse an extension that cannot be written, and an encoding that its container does not hold."""
    from ..io.formats import container_and_subtype

    signals = {item.signal.suffix.lower(): item.signal for item in items if item.signal not in (None, STREAM)}
    for signal in signals.values():
        container_and_subtype(signal, None, settings.format.subtype)
    for path in {path.suffix.lower(): path for item in items for path in item.events}.values():
        event_format(path)


def files_written(items: Sequence[Item], report: Path | None, *more: Named) -> Iterator[Named]:
    """Everything that a run writes: outputs, their sidecars, the report with its data, and ``more``."""
    for item in items:
        yield from map(Named, item.outputs)
        if item.sidecar is not None:
            yield Named(item.sidecar, f"the sidecar of {shown_path(item.target)}")
    if report is not None:
        yield Named(report, "the report")
        yield Named(report.with_suffix(".json"), "the data of the report")
    yield from more


def sidecars_taken(items: Mapping[Item, bool], among: Iterable[Item]) -> Iterator[tuple[Place, str]]:
    """Sidecars to be written whose names are taken; `UsageError` where one is that of a file not ``among`` the outputs.

    An item that a run has begun before may replace its own.
    """
    outputs = {path for item in among for path in item.outputs}
    for item, again in items.items():
        if item.signal is not None and item.sidecar is not None and item.sidecar.exists():
            own = is_own_sidecar(item.signal, outputs)
            if not (own and again):
                yield item.sidecar, "was edited since it was written" if again else "exists already"


def refuse_explanations(items: Sequence[Item]) -> None:
    """Refuse to explain into folders that hold an input, or what is no explanation."""
    is_explanation = bundled("faltung_explain.explain", "explain: true").is_explanation
    sources = {os.path.realpath(item.source.parent) for item in items if isinstance(item.source, Path)}
    for item in items:
        folder = item.explanations
        if folder is None or not folder.is_dir():
            continue
        others = [one for one in folder.iterdir() if one.is_dir() and any(one.iterdir()) and not is_explanation(one)]
        others += [one for one in folder.iterdir() if os.path.realpath(one) in sources]
        if others:
            raise UsageError(f"{shown_path(others[0])}: is no explanation; give {shown_path(item.target)} another name")


def refuse_other_pages(items: Iterable[Item]) -> None:
    """Refuse pages of searches that would replace a file that is none, or a picture that belongs to none."""
    for page in (item.page for item in items if item.page is not None):
        bundled("faltung_match_report.search_page", "a page of a search").refuse_other_files(page)


def refuse_report(report: Path | None) -> None:
    """Refuse a report that is no page, or would replace a file that is none."""
    if report is None:
        return
    from ..batch.report import refuse_other_files

    if report.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{shown_path(report)}: a report is a page; let its name end in .html")
    refuse_other_files(report)


def refuse_taken(taken: Iterable[tuple[Place, str]], *, overwrite: bool) -> None:
    """Refuse names that are folders, and those that hold another file unless they may be replaced; each with why."""
    refused = []
    for path, why in taken:
        if path.is_dir():
            refused.append(f"{shown_path(path)}: is a folder; write {shown_path(path)}/{{stem}}.wav")
        elif not overwrite and not is_stream(path):
            refused.append(f"{shown_path(path)}: {why}; give overwrite=True to replace it")
    if refused:
        raise UsageError("\n".join(first_few(refused)))
