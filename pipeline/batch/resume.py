"""Settles which items of a batch are done already, and why the others are done again.

An item is passed over when its last record says done, its key is what it was, and its output is still the file that
was written. What merely exists proves nothing. An output that is not what the manifest says is never replaced unasked.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Literal

from ..config.inputs import Place, variables_in
from ..config.load import LoadedConfig
from ..config.outputs import output_folder
from ..io.sink import is_stream
from .identity import Check, Data, Names, as_text, changes, identity, key_of, recipe_of
from .manifest import ManifestState
from .task import timestamp

__all__ = ["Batch", "Item", "ItemState", "batch_of"]


@dataclass(frozen=True)
class Item:
    """One file to be done."""

    source: Place
    target: Place
    """Its output, by which it is known: the first event file where no signal is written."""
    events: tuple[Place, ...] = ()
    """Its event files."""
    only_events: bool = False
    """Whether no signal is written."""

    @property
    def signal(self) -> Place | None:
        """Where its signal is written, if it is."""
        return None if self.only_events else self.target

    @property
    def outputs(self) -> tuple[Place, ...]:
        """All that it writes; the target first."""
        return self.events if self.only_events else (self.target, *self.events)


@dataclass(frozen=True)
class ItemState:
    """How an item stands before a run."""

    item: Item
    state: Literal["new", "unchanged", "again"]
    why: str
    """Why it is done again."""
    fresh: bool
    """Whether nothing stands under the names of its outputs."""
    taken: tuple[tuple[Place, str], ...]
    """Its outputs that may not be replaced unasked, and why."""
    record: Data
    """What its lines in the manifest begin with."""
    last: Data | None
    """Its last line so far."""

    @property
    def failed_before(self) -> bool:
        """Whether it came to its end, and that was a failure."""
        return self.last is not None and self.last["status"] == "failed"


@dataclass(frozen=True)
class Batch:
    """What all items of a run share. Names in the manifest are seen from ``folder``: that of the outputs, or of the
    configuration where the outputs are in a store.
    """

    manifest: Path
    folder: Path
    recipe: Data
    check: Check

    def run_record(self, config: str) -> Data:
        """The line that a run begins with."""
        place = {"config": os.path.abspath(config), "folder": os.path.abspath(self.folder)}  # noqa: PTH100
        return {"pid": os.getpid(), "started": timestamp(), **place, "recipe": self.recipe}

    def standings(self, items: Iterable[Item], past: ManifestState) -> list[ItemState]:
        """How each item stands."""
        names, recipe = Names(self.folder), as_text(self.recipe)
        return [self._standing(item, past, names, recipe) for item in items]

    def _standing(self, item: Item, past: ManifestState, names: Names, recipe: str) -> ItemState:
        name, output, *more = map(names, (item.source, *item.outputs))
        source = identity(item.source, self.check)
        record: Data = {
            "item": name,
            "key": key_of(recipe, source, output, *more),
            "input": source,
            "output": output,
        }
        record |= {"more": more} if more else {}
        last, made = past.items.get(name), past.made.get(name)
        named = made is not None and [made["output"], *made.get("more", ())] == [output, *more]
        written: list[Data] = made["outputs"] if made is not None and named else []
        still = [self._is_still(path, known) for path, known in zip_longest(item.outputs, written)]
        claimed = name in past.claimed
        edited = [path for path, ours in zip(item.outputs, still, strict=False) if not ours and path.exists()]
        foreign = [path for path in edited if not (claimed or is_stream(path))]
        why_taken = "was edited since it was written" if named else "exists already"
        same = named and all(still)
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
        """What made the key another; the first of several."""
        before = made["recipe"]["check"]
        if before != self.check:
            return f"files were told by {before} before, by {self.check} now"
        found = ["input changed"] if record["input"] != made["input"] else []
        found += changes(made["recipe"], self.recipe)
        found += ["output renamed"] if any(record.get(name) != made.get(name) for name in ("output", "more")) else []
        return found[0] + (f", and {len(found) - 1} more" if len(found) > 1 else "")

    def _is_still(self, target: Place, written: Data | None) -> bool:
        """Whether a file is the output that was written."""
        if written is None:
            return False
        found = identity(target, self.check)
        return found is not None and all(written.get(name) == value for name, value in found.items())


def batch_of(loaded: LoadedConfig, template: str, base: Path | None, check: Check | None) -> Batch:
    """What all items share that a configuration writes by this template, seen from ``base``.

    By default the manifest lies in the outputs' folder, or in the configuration's where the outputs are in a store,
    and is called after the configuration, with a mark that tells configurations of one name, and templates, apart.
    """
    settings = loaded.settings.batch
    folder, rest = output_folder(template, base)
    folder = loaded.base if folder is None else folder
    if settings.manifest is not None:
        manifest = loaded.base / Path(variables_in(settings.manifest)).expanduser()
    else:
        named = os.path.relpath(os.path.realpath(loaded.file), os.path.realpath(folder))
        mark = hashlib.blake2b(os.fsencode(f"{named}\0{rest}"), digest_size=4).hexdigest()
        manifest = folder / ".faltung" / f"{Path(loaded.file).stem}-{mark}.jsonl"
    checked = check or settings.check
    return Batch(manifest, folder, recipe_of(loaded.settings, loaded.base, checked), checked)
