"""Settles under which name each output comes out, before any work is done.

A template is a path with ``{stem}``, ``{name}``, ``{ext}``, ``{parent}`` and ``{relative}``, nothing else; ``{{`` and
``}}`` are braces, ``${VAR}`` is the environment's. The parser is its own and not ``str.format``: there are no
attributes, no indices and no widths to be had from a template.

An output lies under the fixed beginning of its template, the output folder, whatever the input is called and wherever
links lead. Two outputs never share a name, nor names that are the same where case or composition does not count.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator

from ..errors import UsageError
from ..fields import invalid
from ..io.kinds import extensions
from ..io.names import RealNames, one_name
from ..io.remote import Remote, is_remote
from ..text import first_few, nearest, shorten, without_secrets
from .inputs import ONE_OR_MANY, STREAM, Place, variables_in, without_nul

NAMES = ("stem", "name", "ext", "parent", "relative")

_LONGEST = 4096  # no path is longer
_LISTED = 20  # collisions listed one by one

_TOKEN = re.compile(r"(?P<variable>\$\{[^${}]*\})|(?P<open>\{\{)|(?P<close>\}\})|\{(?P<name>[^{}]*)\}|(?P<stray>[{}])")


@dataclass(frozen=True)
class Part:
    """A piece of a template: text as it stands, a variable of the environment, or a name to be filled in."""

    kind: Literal["text", "variable", "name"]
    text: str


def parse_template(template: str) -> list[Part]:
    """The pieces of a template.

    Raises
    ------
    UsageError
        a name that is not known (the nearest is suggested), a format or an attribute in braces, a lone brace,
        more than 4096 characters.
    """
    if len(template) > _LONGEST:
        raise UsageError(f"an output has at most {_LONGEST} characters, got {len(template)}")
    parts = []
    end = 0
    for match in _TOKEN.finditer(template):
        if match.start() > end:
            parts.append(Part("text", template[end : match.start()]))
        end = match.end()
        if match["stray"]:
            raise UsageError(
                f"a lone {match['stray']!r} in {shorten(template, 80)!r}; write {match['stray'] * 2!r} to mean it"
            )
        if match["variable"]:
            parts.append(Part("variable", match["variable"]))
        elif match["name"] is not None:
            parts.append(Part("name", _known(match["name"])))
        else:
            parts.append(Part("text", match[0][0]))
    if end < len(template):
        parts.append(Part("text", template[end:]))
    return parts


def _known(name: str) -> str:
    if name in NAMES:
        return name
    near = nearest(re.split(r"\W", name.strip())[0], NAMES)
    fix = f"did you mean '{{{near}}}'?" if near else f"known are {', '.join(f'{{{known}}}' for known in NAMES)}"
    raise UsageError(f"unknown name '{{{name[:40]}}}' in the output; {fix}")


def _template(value: Any) -> Any:
    if not isinstance(value, str) or not value.strip():
        fix = "; a text with '{' at its beginning needs quotes" if isinstance(value, dict) else ""
        raise invalid(f"must be a path such as 'out/{{stem}}.wav', got {value!r}{fix}")
    without_nul(value)
    try:
        parse_template(value)
    except UsageError as error:
        raise invalid(str(error)) from None
    return value


PathTemplate = Annotated[str, BeforeValidator(_template)]
"""A template as a setting."""
PathTemplates = Annotated[
    tuple[Annotated[str, AfterValidator(_template)], ...],
    BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    ONE_OR_MANY,
]
"""One template, or a list of them, as a setting."""


def _fill(parts: list[Part], values: Mapping[str, str]) -> tuple[str, str]:
    """Text before the first name, and the whole text with every name filled in."""
    fixed = ""
    text = ""
    named = False
    for part in parts:
        if part.kind == "name":
            fixed, named = fixed if named else text, True
            text += values[part.text]
        else:
            text += variables_in(part.text) if part.kind == "variable" else part.text
    return (fixed if named else text), text


class OutputTemplate:
    """A template for outputs, to be filled in for one input after another while no link changes.

    Parameters
    ----------
    template
        ``{stem}`` the input's name without extension, ``{ext}`` its extension without the dot, ``{name}`` both,
        ``{parent}`` the name of its folder, ``{relative}`` that folder seen from ``root``.
    base
        the folder a relative template is seen from; the working folder unless given.
    root
        the folder that ``{relative}`` is seen from; the input's own unless given.
    extension
        of what is written, for advice; that of the input unless given.

    Raises
    ------
    UsageError
        a name that is not known.
    """

    def __init__(
        self, template: str, base: str | Path | None = None, root: str | Path | None = None, extension: str = ""
    ) -> None:
        self._template, self._base, self._root, self._extension = template, base, root, extension
        self._parts = parse_template(template)
        self._named = any(part.kind == "name" for part in self._parts)
        self._of_folder: dict[Path, tuple[str, str]] = {}
        self._output_folders: dict[str, Path] = {}
        self._real = RealNames()

    def path(self, source: Place) -> Place:
        """The output for an input, `STREAM` being called ``stdin``; a `Remote` where the template begins as a URL does.

        Raises
        ------
        UsageError
            a result outside the output folder, no file name at all.
        """
        template = self._template
        fixed, text = _fill(self._parts, self._values(source))
        if text == "-":
            return STREAM
        if "\0" in text:
            raise UsageError(f"a path cannot hold a NUL character, got {text!r}")
        if is_remote(fixed):
            return _in_store(template, fixed, text, source)
        fixed, text = fixed.removeprefix("file://"), text.removeprefix("file://")
        cut = _end_of_folder(fixed)
        folder = self._output_folders.get(fixed[:cut])
        if folder is None:
            folder = self._output_folders[fixed[:cut]] = _output_base(template, fixed[:cut], self._base)
        tail = text[cut:].replace(os.sep, "/").split("/")
        if not tail[-1] or tail[-1] in (".", ".."):
            own = source.suffix if source.suffix.lower() in extensions() else ".wav"
            fix = f"write '{template.rstrip('/')}/{{stem}}{self._extension or own}'"
            raise UsageError(f"the output {template!r} names no file for the input {str(source)!r}; {fix}")
        path: Path = folder.joinpath(*(part for part in tail if part))
        if self._named and (".." in tail or not self._is_inside(path, folder)):
            where = f"would be written to {path}, outside the output folder {folder}"
            fix = "leave '..' out of the output" if ".." in tail else "give another output folder"
            raise UsageError(f"the input {str(source)!r} {where}; {fix}")
        return path

    def apart(self, collisions: Sequence[Sequence[tuple[Place, Place]]]) -> str:
        """What gives inputs that come out under one name names of their own, as advice."""
        real = RealNames()
        for names in ("{stem}", "{name}", "{parent}/{name}", "{relative}/{name}"):
            made = [[one_name(names.format_map(self._values(one)), real) for one, _ in pairs] for pairs in collisions]
            if all(len(set(pairs)) == len(pairs) for pairs in made):
                return f"put {names} in it"
        return "rename one of them, or give each a run and an output folder"

    def _values(self, source: Place) -> dict[str, str]:
        file = Path("stdin") if source == STREAM else source
        if isinstance(file, Remote):
            parent, relative = self._folder_values(file.folder)
        else:
            if file.parent not in self._of_folder:
                self._of_folder[file.parent] = self._folder_values(_folder(file))
            parent, relative = self._of_folder[file.parent]
        return {"stem": file.stem, "name": file.name, "ext": file.suffix[1:], "parent": parent, "relative": relative}

    def _folder_values(self, folder: str) -> tuple[str, str]:
        return os.path.basename(folder), "." if self._root is None else os.path.relpath(folder, self._root)  # noqa: PTH119

    def _is_inside(self, path: Path, folder: Path) -> bool:
        name, inside = self._real(path), self._real.folder(folder)
        return name == inside or name.startswith(inside.rstrip(os.sep) + os.sep)


def output_folder(template: str, base: str | Path | None = None) -> tuple[Path | None, str]:
    """The fixed beginning of a template, which all its outputs lie under, and the rest of it.

    None where that is in a store, and then the whole template without credentials.
    """
    fixed, text = _fill(parse_template(template), {name: f"{{{name}}}" for name in NAMES})
    if is_remote(fixed):
        return None, without_secrets(text)
    fixed, text = fixed.removeprefix("file://"), text.removeprefix("file://")
    cut = _end_of_folder(fixed)
    return _output_base(template, fixed[:cut], base), text[cut:]


def _output_base(template: str, fixed: str, base: str | Path | None) -> Path:
    try:
        return Path(base or "") / Path(fixed).expanduser()
    except RuntimeError:
        raise UsageError(f"the output {template!r} is in the folder of a user that does not exist") from None


def _in_store(template: str, fixed: str, text: str, source: Place) -> Remote:
    """Output in a store, where a folder is no more than the beginning of a name."""
    cut = fixed.rfind("/") + 1
    tail = text[cut:].split("/")
    if not tail[-1] or tail[-1] in (".", ".."):
        raise UsageError(f"the output {template!r} names no file for the input {str(source)!r}; add '{{stem}}'")
    if ".." in text.split("/"):
        raise UsageError(f"the input {str(source)!r} would be written to {text}, outside {fixed[:cut]}")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(f"the input {str(source)!r} has a name that is not UTF-8, which a URL has to be") from None
    return Remote(text[:cut] + "/".join(part for part in tail if part not in ("", ".")))


def _folder(file: Place) -> str:
    """The folder of an input, absolute; not resolved: the names as the user sees them."""
    return file.folder if isinstance(file, Remote) else os.path.abspath(file.parent)  # noqa: PTH100


def _end_of_folder(text: str) -> int:
    return max(text.rfind("/"), text.rfind(os.sep)) + 1


def plan_outputs(
    inputs: Sequence[Place],
    template: str,
    base: str | Path | None = None,
    root: str | Path | None = None,
    extension: str = "",
) -> list[tuple[Place, Place]]:
    """Each input with its output, in order; ``root`` is the folder all inputs share unless given.

    ``extension`` is that of advice, as for `OutputTemplate`.

    Raises
    ------
    UsageError
        what `OutputTemplate` refuses, and every two inputs that would come out under one name.
    """
    files = [path for path in inputs if path != STREAM]
    if root is None and files:
        root = os.path.commonpath([_folder(path) for path in files])
    outputs, real = OutputTemplate(template, base, root, extension), RealNames()
    planned = [(source, outputs.path(source)) for source in inputs]
    same: dict[str, list[tuple[Place, Place]]] = defaultdict(list)
    for source, output in planned:
        same[one_name(output, real)].append((source, output))
    collisions = [pairs for pairs in same.values() if len(pairs) > 1]
    if collisions:
        raise UsageError(_collisions_message(collisions, outputs.apart(collisions)))
    return planned


def _collisions_message(collisions: Sequence[Sequence[tuple[Place, Place]]], apart: str) -> str:
    lines = [f"several inputs would be written to one output; {apart}:"]
    shown = []
    for pairs in collisions:
        outputs = list(dict.fromkeys(str(output) for _, output in pairs))
        sources = [str(source) for source, _ in pairs[:_LISTED]] + (["..."] if len(pairs) > _LISTED else [])
        differ = " (one name where case or composition does not count)" if len(outputs) > 1 else ""
        shown.append(f"{', '.join(sources)} -> {', '.join(outputs[:_LISTED])}{differ}")
    return "\n".join([*lines, *first_few(shown, _LISTED, indent="  ")])
