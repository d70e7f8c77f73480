"""The contract kit of readers of event files: every label as it stands there, or an error in words."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

from pipeline.errors import FaltungError
from pipeline.io.labels import EventReaderKind, Label, labels_of

from .comparing import promise
from .files import no_descriptor_left

_OTHERS = {
    "an empty file": b"",
    "zeros": bytes(64),
    "bytes of no text": bytes(range(256)),
    "a page": b"<!doctype html>\n<title>404</title>\n",
}
"""Contents of files that hold no events of any plugin."""


def check_event_reader(kind: EventReaderKind, path: str | os.PathLike[str], expected: Sequence[Label]) -> None:
    """Run every check on a reader of event files with one file whose labels are known.

    The file has two labels at least, best; ``expected`` are all that it holds, in any order.

    Examples
    --------
    >>> import json
    >>> from pathlib import Path
    >>> from pipeline import Label
    >>> from pipeline.errors import ReadError
    >>> from pipeline.io.labels import EventReaderKind
    >>> def read(path):
    ...     try:
    ...         return [Label(*row) for row in json.loads(path.read_bytes())]
    ...     except (ValueError, TypeError) as error:
    ...         raise ReadError(str(path), f"holds no ticks: {error}") from error
    >>> _ = Path("day.ticks").write_text('[[0.25, 0.5, "wren"], [1, 1, "owl"]]')
    >>> ticks = EventReaderKind("ticks", (".ticks",), read)
    >>> check_event_reader(ticks, "day.ticks", [Label(0.25, 0.5, "wren"), Label(1, 1, "owl")])
    """
    kind, source = replace(kind, plugin=f"the reader of {kind.name}"), Path(path)
    ours = [each for each in kind.extensions if source.name.lower().endswith(each)]
    promise(bool(ours), f"extensions are in small letters, with the dot, and have that of {source.name}, "
            f"got {kind.extensions}")  # fmt: skip
    data = source.read_bytes()
    with no_descriptor_left("reading an event file, whole or broken,"), tempfile.TemporaryDirectory() as name:
        _check_labels(kind, source, expected)
        promise(source.read_bytes() == data, f"{source.name} is left as it was; open it to read only")
        folder = Path(name) / "Ä 鳥"
        folder.mkdir()
        moved = folder / f"another name{ours[0]}"
        moved.write_bytes(data)
        told = "read from another folder and name the labels are the same; take nothing from the path"
        promise(_read(kind, moved) == _read(kind, source), told)
        _check_broken(kind, moved, data)


def _read(kind: EventReaderKind, path: Path) -> tuple[Label, ...]:
    try:
        return labels_of(kind, path)
    except FaltungError as error:
        raise AssertionError(f"{path.name} is read; {error}") from error


def _check_labels(kind: EventReaderKind, path: Path, expected: Sequence[Label]) -> None:
    whole = _read(kind, path)
    got, wanted = sorted(whole, key=repr), sorted(expected, key=repr)
    advice = "give each row of the file one Label, and say what is skipped with a ReadError"
    promise(len(got) == len(wanted), f"{len(wanted)} labels are read, got {len(got)}; {advice}")
    for one, other in zip(got, wanted, strict=True):
        wrong = [each.name for each in fields(Label) if getattr(one, each.name) != getattr(other, each.name)]
        promise(not wrong, f"{' and '.join(wrong)} as in the file: expected {other}, got {one}; times are seconds from "
                "the first frame, channels count from 0, frequencies are in Hz")  # fmt: skip
    promise(_read(kind, path) == whole, "read again the labels are the same; keep nothing between two files")


def _check_broken(kind: EventReaderKind, path: Path, data: bytes) -> None:
    """What is cut short or of another kind: labels that hold together or an error in words, never a traceback."""
    broken = {f"the first {size} of {len(data)} bytes": data[:size] for size in (len(data) // 3, len(data) - 2)}
    for what, content in {**_OTHERS, **broken}.items():
        path.write_bytes(content)
        try:
            labels_of(kind, path)
        except FaltungError as error:
            cause = error.__cause__
            foreign = error.of_plugin and not isinstance(cause, FaltungError | None)
            promise(not foreign, f"of {what} it gives labels or a ReadError, got {cause!r}; "
                    "check what you read, and raise ReadError(path, why)")  # fmt: skip
