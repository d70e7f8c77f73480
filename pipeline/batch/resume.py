"""Settles which items of a batch are done already, and why the others are done again.

An item is passed over when its last record says done, its key is what it was, and its output is still the file that
was written. What merely exists proves nothing. An output that is not what the manifest says is never replaced unasked.

The key of an item is made of all that its output follows from, as plain data: the recipe, which is the same for all
items of a run (the settings, the versions of the stages, and which files they read), the identity of its input and the
names of its outputs. Dates, temporary paths, the number of workers and threads are not in it; paths are seen from the
configuration's folder, so that it may be moved.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal

from ..config.inputs import Place, path_in
from ..config.load import LoadedConfig
from ..config.model import Configuration
from ..config.outputs import output_folder
from ..dsp.transforms import library, library_version
from ..errors import ReadError, SettingPath, format_path
from ..io import Remote
from ..io.apart import read_with_sidecars
from ..io.names import is_stream
from ..plugins import Kind, owners_for, version_of
from ..stages.base import Stage
from ..stages.base.files import all_in, files_named_in
from ..stages.base.registry import available_stages
from ..text import shorten, without_secrets
from .manifest import Data, ManifestState, timestamp

Check = Literal["stat", "hash"]

_ASIDE = {"version", "input", "output", "events", "batch", "explain", "report", "threads"}
"""Settings that change no sample of an output."""

_SHOWN = 60  # characters of a value in a message


def page_and_picture(page: str | Path | None) -> tuple[Path, ...]:
    """Files of the page about a search: itself, and its picture; none where there is none."""
    return () if page is None else (Path(page), Path(page).with_suffix(".png"))


@dataclass(frozen=True)
class Item:
    """One file to be done."""

    source: Place
    signal: Place | None = None
    """Output signal; None where none is written."""
    events: tuple[Place, ...] = ()
    """Event files."""
    page: Path | None = None
    """Page with the picture of its search; the picture lies beside it."""
    sidecar: Place | None = None
    """Sidecar of the signal; None where it needs none."""

    @property
    def outputs(self) -> tuple[Place, ...]:
        """All that it writes; the first is the one by which it is known."""
        signal = () if self.signal is None else (self.signal,)
        return (*signal, *self.events, *page_and_picture(self.page))

    @property
    def explanations(self) -> Path | None:
        """Folder beside the output for explanations of its stages; None where a pipe or a store has no place for it."""
        if not isinstance(self.signal, Path) or "-" in (str(self.source), str(self.signal)):
            return None
        return self.signal.with_name(f"{self.signal.stem}-explain")

    @property
    def target(self) -> Place:
        """Output by which it is known, or its input where it has none."""
        return self.outputs[0] if self.outputs else self.source


@dataclass(frozen=True)
class ItemState:
    """State of an item before a run."""

    item: Item
    state: Literal["new", "unchanged", "again"]
    why: str
    """Reason why it is done again."""
    fresh: bool
    """Nothing stands under the names of its outputs."""
    taken: tuple[tuple[Place, str], ...]
    """Its outputs that may not be replaced unasked, and why."""
    record: Data
    """Beginning of its lines in the manifest."""
    last: Data | None
    """Its last line so far."""

    @property
    def failed_before(self) -> bool:
        """Whether it came to its end, and that was a failure."""
        return self.last is not None and self.last["status"] == "failed"


@dataclass(frozen=True)
class Batch:
    """Facts that all items of a run share.

    Names in the manifest are seen from ``folder``: that of the outputs, or of the configuration where these are in a
    store.
    """

    manifest: Path
    folder: Path
    recipe: Data
    check: Check

    def run_record(self, config: str) -> Data:
        """The line that a run begins with."""
        place = {"config": os.path.abspath(config), "folder": os.path.abspath(self.folder)}  # noqa: PTH100
        return {"pid": os.getpid(), "started": timestamp(), **place, "recipe": self.recipe}

    def states(self, items: Iterable[Item], before: ManifestState) -> list[ItemState]:
        """State of each item."""
        names, recipe = Names(self.folder), as_text(self.recipe)
        return [self._item_state(item, before, names, recipe) for item in items]

    def _item_state(self, item: Item, before: ManifestState, names: Names, recipe: str) -> ItemState:
        name, output, *more = map(names, (item.source, *item.outputs))
        source = identity_read(item.source, self.check)
        record: Data = {
            "item": name,
            "key": key_of(recipe, source, output, *more),
            "input": source,
            "output": output,
        }
        record |= {"more": more} if more else {}
        last, made = before.items.get(name), before.done.get(name)
        named = made is not None and [made["output"], *made.get("more", ())] == [output, *more]
        written: list[Data] = made["outputs"] if made is not None and named else []
        still = [self._is_still(path, known) for path, known in zip_longest(item.outputs, written)]
        claimed = name in before.claimed
        edited = [path for path, ours in zip(item.outputs, still, strict=False) if not ours and path.exists()]
        foreign = [path for path in edited if not (claimed or is_stream(path))]
        why_taken = "was edited since it was written" if named else "exists already"
        same = named and all(still) and (item.sidecar is None or item.sidecar.exists())
        state, why = self._state(record, last, made, exists=bool(edited), same=same)
        attempts = 1 + (last.get("attempts", 1) if last is not None and last["status"] != "done" else 0)
        taken = tuple((path, why_taken) for path in foreign)
        return ItemState(item, state, why, not (edited or any(still)), taken, {**record, "attempts": attempts}, last)

    def _state(
        self, record: Data, last: Data | None, made: Data | None, *, exists: bool, same: bool
    ) -> tuple[Literal["new", "unchanged", "again"], str]:
        if last is None:
            return "new", ""
        if last["status"] == "failed":
            return "again", f"failed before: {last['error']}"
        if last["status"] != "done" or made is None:
            return "again", "interrupted before"
        if record["input"] is None:
            return "again", "its input is no file that could be compared"
        if record["key"] != made["key"]:
            return "again", self._difference(record, made)
        if same:
            return "unchanged", ""
        return "again", "output edited" if exists else "output missing"

    def _difference(self, record: Data, made: Data) -> str:
        """Change that made the key another; the first of several."""
        before = made["recipe"].get("check")
        if before != self.check:
            return f"files were told by {before} before, by {self.check} now"
        found = ["input changed"] if record["input"] != made["input"] else []
        found += changes(made["recipe"], self.recipe)
        found += ["output renamed"] if any(record.get(name) != made.get(name) for name in ("output", "more")) else []
        return found[0] + (f", and {len(found) - 1} more" if len(found) > 1 else "")

    def _is_still(self, target: Place, written: Data | None) -> bool:
        """Whether a file is the output that was written, or has its bytes.

        A cluster writes once more what a worker did that was lost with its answer: at another time, the same bytes.
        """
        checks: tuple[Check, ...] = (self.check,) if self.check == "hash" else (self.check, "hash")
        facts = (identity(target, check) for check in checks if written is not None)
        return any(found and written and found.items() <= written.items() for found in facts)


def batch_of(loaded: LoadedConfig, template: str, base: Path | None, check: Check | None) -> Batch:
    """Facts that all items share that a configuration writes by this template, seen from ``base``.

    By default the manifest lies in the outputs' folder, or in the configuration's where the outputs are in a store,
    and is called after the configuration, with a mark that tells configurations of one name, and templates, apart.
    """
    settings = loaded.settings.batch
    folder, rest = output_folder(template, base)
    folder = loaded.base if folder is None else folder
    if settings.manifest is not None:
        manifest = loaded.base / path_in(settings.manifest)
    else:
        named = os.path.relpath(os.path.realpath(loaded.file), os.path.realpath(folder))
        mark = hashlib.blake2b(os.fsencode(f"{named}\0{rest}"), digest_size=4).hexdigest()
        manifest = folder / ".faltung" / f"{Path(loaded.file).stem}-{mark}.jsonl"
    checked = check or settings.check
    return Batch(manifest, folder, recipe_of(loaded.settings, loaded.base, checked), checked)


def identity(path: Place, check: Check) -> Data | None:
    """Size and time of a file, or size and blake2b of its content; None where it has none that can be told.

    Of a file in a store its size and the store's own mark of a version, whatever ``check``.
    """
    try:
        if isinstance(path, Remote):
            return path.version()
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return None
        if check == "stat":
            return {"bytes": status.st_size, "mtime_ns": status.st_mtime_ns}
        return {"bytes": status.st_size, "blake2b": digest(path)}
    except (OSError, ValueError, ReadError):
        return None


def identity_read(path: Place, check: Check) -> Data | None:
    """Identity of a file that is read, with those of what is read beside it: a sidecar with its rate, other parts."""
    found, *beside = (identity(one.path, check) for one in read_with_sidecars([path]))
    there = [one for one in beside if one is not None]
    return {**found, "beside": there} if found is not None and there else found


def digest(path: Path) -> str:
    """blake2b of a file's content, 40 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=20)).hexdigest()


class Names:
    """Names of files in a manifest: a path seen from the folder, or a URL without its credentials."""

    def __init__(self, folder: Path) -> None:
        self._folder = os.path.abspath(folder)  # noqa: PTH100
        self._seen: dict[str, str] = {}

    def __call__(self, path: Place) -> str:
        """The name of a file. A query may be what tells two files apart, and may be a secret: a hash stands for it."""
        if isinstance(path, Remote):
            mark = hashlib.blake2b(path.url.encode(), digest_size=4).hexdigest()
            return str(path).replace("?***", f"?{mark}").replace("#***", f"#{mark}")
        folder, base = os.path.split(path)
        if base in ("", os.curdir, os.pardir):
            return os.path.relpath(path, self._folder)
        if folder not in self._seen:
            self._seen[folder] = os.path.relpath(folder or os.curdir, self._folder)
        beside = self._seen[folder]
        return base if beside == os.curdir else f"{beside}{os.sep}{base}"


def recipe_of(settings: Configuration, base: Path, check: Check) -> Data:
    """Recipe that all outputs of a configuration follow from; ``base`` is the folder that its paths are seen from."""
    files = {path: os.path.relpath(path, base) for path in files_named_in(settings.stages)}
    names = {str(path): name for path, name in files.items()}
    return {
        "settings": _renamed(settings.model_dump(mode="json", exclude=_ASIDE), names),
        "versions": _versions(settings),
        **({} if library() == "scipy" else {"transforms": library_version()}),
        "files": {name: identity_read(path, check) for path, name in sorted(files.items())},
        "check": check,
    }


def key_of(recipe: str, source: Data | None, *outputs: str) -> str:
    """The key of an item: blake2b of its recipe as text, the identity of its input and the names of its outputs."""
    text = ", ".join([recipe, *(as_text(part) for part in (source, *outputs))])
    return hashlib.blake2b(f"[{text}]".encode(), digest_size=20).hexdigest()


def as_text(data: Any) -> str:
    """Plain data as JSON that is always the same."""
    return json.dumps(data, sort_keys=True)


def changes(before: Data, after: Data) -> list[str]:
    """Differences in words between two recipes that tell files in the same way."""
    found = [f"version of {name} changed: {old} -> {new}" for name, old, new in _pairs(before, after, "versions")]
    old, new = (recipe.get("transforms", "scipy") for recipe in (before, after))
    found += [f"transforms changed: {old} -> {new}"] * (old != new)
    found += _differences(before.get("settings", {}), after["settings"], ())
    return found + [f"file {name} changed" for name, *_ in _pairs(before, after, "files")]


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return names.get(value) or without_secrets(value) if isinstance(value, str) else value


def owners_of(stages: Sequence[Stage]) -> set[str]:
    """Distributions, and files given with ``--plugin``, that stages come from which are not faltung's own."""
    all_of = (one for one in all_in(list(stages)) if isinstance(one, Stage))
    used = {one.use for one in all_of if "." in one.use}  # as all names of others have one
    return {source.distribution for source in available_stages() if source.name in used} if used else set()


def _versions(settings: Configuration) -> dict[str, str]:
    """The version of faltung, and of each distribution that a stage, or the name of an input or output, needs."""
    owners = owners_of(settings.stages) | {"faltung"}
    kinds: tuple[tuple[Kind, Iterable[str]], ...] = (
        ("reader", settings.input),
        ("writer", [settings.output] if settings.output else ()),
        ("event writer", settings.events),
    )
    for kind, names in kinds:
        owners |= owners_for(kind, names)
    return {owner: version_of(owner) for owner in sorted(owners)}


def _pairs(before: Data, after: Data, part: str) -> Iterator[tuple[str, Any, Any]]:
    """Name, old and new of each entry of a part that differs."""
    was = before.get(part, {})
    for name in {**was, **after[part]}:
        old, new = was.get(name), after[part].get(name)
        if old != new:
            yield name, old, new


def _differences(before: Any, after: Any, path: SettingPath) -> list[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        keys = {**before, **after}
        return [text for key in keys for text in _differences(before.get(key), after.get(key), (*path, key))]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [text for i, pair in pairs for text in _differences(*pair, (*path, i))]
    if before == after:
        return []
    if path == ("stages",):
        return [f"stages changed: {len(before)} -> {len(after)}"]
    return [f"setting {format_path(path)} changed: {_shown(before)} -> {_shown(after)}"]


def _shown(value: Any) -> str:
    return shorten(value if isinstance(value, str) else json.dumps(value), _SHOWN)
