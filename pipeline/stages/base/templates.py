"""Reads what a stage looks for: one template or many, from numbers, files, slices of recordings, or folders.

Convention: a template has shape ``(m, C)``, one column a channel or one for all. Its name is the file's without the
extension, for a slice with where it starts (``dawn@1.2s``), for numbers ``t0``, ``t1``, ... by their place.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
from pydantic import (
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from ...errors import FaltungError, SettingError
from ...fields import InputFile, Seconds, Within, invalid
from ...io.clock import Clock
from ...io.labels import read_labels
from ...io.names import is_stream
from ...kernel import Array, Taps
from ...limits import MAX_TAPS
from ...settings import Settings
from ...units import Duration
from . import Format, require
from .files import Numbers, RawFormat, check_rate, checked_taps, naming_file, open_part, rate_of, read_array, read_taps

_BLOCK = 1 << 16  # frames read at once on the way to a slice


@dataclass(frozen=True)
class Template:
    """Template that is looked for: a name and taps of shape ``(m, C)``, m at least 2 and no column constant."""

    name: str
    taps: Taps


_Time = Annotated[Seconds, Within("0 s")]


class TemplateSource(Settings):
    """Source of a template: exactly one of `file`, `folder` and `taps`; of a file perhaps a slice."""

    file: InputFile | None = None
    """A `.npy`, `.txt` or audio file; a folder stands for every template in it."""
    folder: InputFile | None = None
    """A folder: every file in it with the extension of a template, by name; hidden ones are left out."""
    taps: Numbers | None = None
    """A list of numbers, or of rows with one number a channel."""
    labels: InputFile | None = None
    """Labels of the file, each a template that is cut out of it: `.TextGrid`, `.eaf`, `.csv`, Raven's `.txt`."""
    source: Annotated[str, Field(min_length=1)] | None = None
    """Name of the signal, in a file that holds several."""
    start: _Time | None = None
    """Start of the template in the file: `1.2 s`; default its beginning."""
    end: _Time | None = None
    """End of the template in the file, exclusive: `1.6 s`; default the end of the file."""
    length: Annotated[Seconds, Within("0 s", above=True)] | None = None
    """Length of the template, instead of `end`, or from the start of each label: `400 ms`."""
    name: Annotated[str, Field(min_length=1)] | None = None
    """Name of its events; not for a folder."""
    format: RawFormat | None = None
    """Encoding of a file without a header: `FLOAT32_LE`, `S16_LE`."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [name for name in ("file", "folder", "taps") if getattr(self, name) is not None]
        if len(given) != 1:
            got = f"got {' and '.join(given)}" if given else "got none"
            raise invalid(f"a template has exactly one of 'file', 'folder' and 'taps', {got}")
        if self.is_slice and self.file is None:
            raise invalid(f"'start', 'end' and 'length' are for a slice of a 'file', not of '{given[0]}'")
        if (self.labels or self.source) is not None and self.file is None:
            raise invalid(f"'labels' and 'source' are for parts of a 'file', not of '{given[0]}'")
        if self.labels is not None and (self.start is not None or self.end is not None):
            raise invalid("'labels' say where each template starts and ends; leave 'start' and 'end' away")
        if self.end is not None and self.length is not None:
            raise invalid("state the end of a slice once: 'end' or 'length'")
        if self.folder is not None and self.name is not None:
            raise invalid("'name' is for one template; those of a folder are called as their files")
        return self

    @model_serializer(mode="wrap")
    def _only_what_is_set(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in handler(self).items() if value is not None}

    @property
    def is_slice(self) -> bool:
        """Whether it is a part of a file."""
        return any(part is not None for part in (self.start, self.end, self.length))


class _AnyForm:
    """The JSON Schema of every form a template may be written in."""

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        source = handler(schema)["items"]
        numbers = {"type": "array", "items": {"type": ["number", "array"]}, "minItems": 1}
        one = [{"type": "string", "format": "path"}, numbers, source]
        many = {"type": "array", "items": {"anyOf": one}, "minItems": 1}
        return {"anyOf": [*one, many], "x-unit": "numbers | path | slice of a file | folder | list of these"}


def _as_sources(value: Any) -> Any:
    """Every form as a list of what `TemplateSource` reads; a list with numbers, or of rows alone, is one template."""
    many = isinstance(value, list | tuple) and not any(isinstance(part, int | float) for part in value)
    many = many and not all(isinstance(part, list | tuple) for part in value)
    return [_as_source(part) for part in (value if many else [value])]


def _as_source(value: Any) -> Any:
    if isinstance(value, dict | TemplateSource):
        return value
    return {"file" if isinstance(value, str | os.PathLike) else "taps": value}


Templates = Annotated[tuple[TemplateSource, ...], BeforeValidator(_as_sources), _AnyForm]
"""A setting that takes one template or many, in any form; `load_templates` reads them."""


def load_templates(sources: Sequence[TemplateSource], fmt: Format, setting: str = "template") -> list[Template]:
    """The templates for one signal; names that are the same get -2, -3, ... in order.

    Files must have the rate of the signal; ``.npy`` and ``.txt`` carry none and are taken at it.

    Raises
    ------
    SettingError
        on ``setting``: a file that cannot be read or has another rate, a slice outside its file, a folder without
        templates, a template that is constant, longer than `MAX_TAPS` or with other channels than the signal.
    """
    templates: list[Template] = []
    taken: set[str] = set()
    count: Counter[str] = Counter()
    for place, source in enumerate(sources):
        for name, taps in _loaded(source, place, fmt, setting):
            unique = name
            while unique in taken:
                count[name] += 1
                unique = f"{name}-{count[name] + 1}"
            taken.add(unique)
            templates.append(Template(unique, _checked(taps, name, fmt, setting)))
    return templates


def _loaded(source: TemplateSource, place: int, fmt: Format, setting: str) -> Iterator[tuple[str, Taps]]:
    if source.taps is not None:
        yield source.name or f"t{place}", read_taps(source.taps, fmt, setting)
        return
    path = source.folder or source.file or Path()
    if source.labels is not None:
        yield from _labelled(source, path, fmt, setting)
    elif source.is_slice or source.source is not None:
        start = f"@{source.start or Duration(0.0)}".replace(" ", "") if source.is_slice else ""
        yield source.name or f"{path.stem}{start}", _slice(source, path, fmt, setting)
    elif source.folder is not None or os.path.isdir(path):  # noqa: PTH112  (nor fails where it may not be looked for)
        require(
            source.name is None, f"{path} is a folder: its templates are called as their files, not 'name'", setting
        )
        for file in _files_in(path, setting):
            yield file.stem, read_taps(file, fmt, setting)
    else:
        yield source.name or path.stem, read_taps(path, fmt, setting, form=source.format)


def _files_in(folder: Path, setting: str) -> list[Path]:
    """The files of a folder whose extension is one of a signal's."""
    from ...io import extensions

    try:
        named = sorted(path for path in folder.iterdir() if path.suffix.lower() in extensions())
    except OSError as error:
        raise SettingError(f"cannot read the folder {folder}: {error.strerror or error}", setting) from error
    files = [path for path in named if not path.name.startswith(".") and not os.path.isdir(path)]  # noqa: PTH112
    for path in filter(is_stream, files):
        raise SettingError(f"{path} is a pipe, a socket or a device, no template; remove it", setting)
    if not files:
        raise SettingError(f"the folder {folder} holds no template; known are {', '.join(extensions())}", setting)
    return files


def _slice(source: TemplateSource, path: Path, fmt: Format, setting: str) -> Taps:
    """Frames ``start`` to ``end``, exclusive, of a file that may be long."""
    start = source.start.frames(fmt.fs) if source.start else 0
    stop = source.end.frames(fmt.fs) if source.end else start + source.length.frames(fmt.fs) if source.length else None
    return _cut(source, path, [(start, stop)], fmt, setting)[0]


def _cut(
    source: TemplateSource, path: Path, spans: Sequence[tuple[int, int | None]], fmt: Format, setting: str
) -> list[Taps]:
    """The frames of each span, in one go through the file."""
    for start, stop in spans:
        if stop is not None and stop <= start:
            raise SettingError(
                f"{path.name}: a slice ends after it starts, got {_span_text(start, stop, fmt)}", setting
            )
    parts: list[list[Array]] = [[] for _ in spans]
    done = 0
    for block in _blocks(source, path, fmt, setting):
        for (start, stop), found in zip(spans, parts, strict=True):
            if not found or (start < done + len(block) and (stop is None or done < stop)):
                found.append(block[max(start - done, 0) : None if stop is None else stop - done].copy())
        done += len(block)
        if all((stop is not None and done >= stop) or done - start > MAX_TAPS for start, stop in spans):
            break
    for start, stop in spans:
        if done < (start + 1 if stop is None else min(stop, start + MAX_TAPS)):
            lasts = f"{path.name} lasts {done / fmt.fs:g} s ({done} frames)"
            raise SettingError(f"{lasts}; the slice is outside it: {_span_text(start, stop, fmt)}", setting)
    return [checked_taps(np.concatenate(found), f"{path.name}: ", setting) for found in parts]


def _labelled(source: TemplateSource, path: Path, fmt: Format, setting: str) -> Iterator[tuple[str, Taps]]:
    """A template for each label of a file, in the channel that it names."""
    named = source.labels or Path()
    try:
        labels = [label for label in read_labels(named) if label.is_of(path)]
    except FaltungError as error:
        raise SettingError(str(error), setting) from error
    require(bool(labels), f"{named.name}: has no label of {path.name}", setting)
    clocks: tuple[Clock, ...] = ()
    if any(label.start_s is None for label in labels):
        with naming_file(path, setting), open_part(path, fmt, source.source) as reader:
            clocks = reader.info.clocks
    spans: list[tuple[int, int | None]] = []
    for number, label in enumerate(labels, 1):
        start_s, what = label.start_in(clocks, fmt.fs), f"{named.name}: label {number}"
        untold = f"{what} tells its true time alone, and {path.name} tells no clock; give labels in seconds"
        require(start_s is not None, untold, setting)
        start = round((start_s or 0.0) * fmt.fs)
        stop = start + source.length.frames(fmt.fs) if source.length else round((label.end_s or 0.0) * fmt.fs)
        require(0 <= start < stop, f"{what} is no stretch of {path.name}; give a 'length' from each start", setting)
        spans.append((start, stop))
    for label, (start, _), taps in zip(labels, spans, _cut(source, path, spans, fmt, setting), strict=True):
        if taps.ndim == 2 and label.channel is not None:
            there = f"{path.name} has {taps.shape[1]} channels"
            require(
                label.channel < taps.shape[1], f"{named.name}: {there}, a label is of number {label.channel}", setting
            )
            taps = taps[:, [label.channel]]
        yield source.name or label.text.strip() or f"{path.stem}@{start / fmt.fs:g}s", taps


def _span_text(start: int, stop: int | None, fmt: Format) -> str:
    end = "its end" if stop is None else f"{stop / fmt.fs:g} s"
    return f"{start / fmt.fs:g} s to {end}"


def _blocks(source: TemplateSource, path: Path, fmt: Format, setting: str) -> Iterator[Array]:
    if path.suffix.lower() == ".npy" or source.format is not None:
        yield np.atleast_1d(read_array(path, fmt, setting, source.format)[0])
        return
    with naming_file(path, setting), open_part(path, fmt, source.source) as reader:
        check_rate(path, rate_of(reader, fmt), fmt, setting)
        yield from reader.blocks(_BLOCK)


def _checked(taps: Taps, name: str, fmt: Format, setting: str) -> Taps:
    """Taps as ``(m, C)``, fit to be compared with this signal."""
    if taps.ndim == 3:
        raise SettingError(f"{name}: a template has shape (frames, channels), got {taps.shape}", setting)
    taps = taps.reshape(len(taps), -1)
    if taps.shape[1] not in (1, fmt.channels):
        raise SettingError(
            f"{name}: has {taps.shape[1]} channels, the signal {fmt.channels}; give one column, or one each", setting
        )
    flat = np.ptp(taps, axis=0) <= 4 * np.finfo(np.float64).eps * np.abs(taps).max(axis=0)
    if flat.any():
        where = f" in channel {int(flat.argmax())}" if taps.shape[1] > 1 else ""
        raise SettingError(f"{name}: is constant{where}: it has no shape to compare", setting)
    return taps
