"""Result of a run: what became of each file, a frozen sequence that can be counted, printed and kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from ..batch.manifest import Data
from ..batch.resume import Item
from ..errors import DiskFullError
from ..match.events import Events
from ..plugins import bundled
from ..text import count, duration
from .work import Work

Status = Literal["done", "failed", "unchanged", "skipped", "not begun"]

_INTERNAL = {"at", "message", "code", "status", "traceback", "envelope", "searches", "about_input"}
"""Facts of a file that are not for machines to read: they were for the run itself."""


@dataclass(frozen=True)
class FileResult:
    """Result of one file.

    Examples
    --------
    >>> import numpy as np
    >>> _ = write("in.wav", np.zeros(8), 8000)
    >>> (file,) = run([Gain(gain="-6 dB")], "in.wav", "out.wav")
    >>> print(file, file.facts["frames"], file.error)
    in.wav -> out.wav: done 8 None
    """

    item: Item
    status: Status
    """``done``; ``failed``; ``unchanged``, done by an earlier run; ``skipped``, its output existed; ``not begun``."""
    facts: Data
    """Facts that its task told, by the names that `pipeline.batch.task` lists; empty where nothing was done."""

    @property
    def source(self) -> str:
        """Path of the input."""
        return str(self.item.source)

    @property
    def output(self) -> str | None:
        """Path of the output signal; None where only events are written."""
        return None if self.item.signal is None else str(self.item.signal)

    @property
    def error(self) -> str | None:
        """Reason why it failed, if it did."""
        return self.facts.get("error")

    @property
    def reason(self) -> str:
        """The error without the name of the input before it; empty where there is none."""
        return (self.error or "").removeprefix(f"{self.source}: ")

    @property
    def warnings(self) -> list[str]:
        """Warnings about the output and the input."""
        return [*clipping(self.facts), *self.facts.get("warnings", ())]

    @property
    def warnings_by_file(self) -> list[tuple[str, str]]:
        """Warnings, each behind the name of the input or of the output, whichever it is about."""
        texts, known = self.facts.get("warnings", []), self.facts.get("about_input", 0)
        of_output = (*clipping(self.facts), *texts[known:])
        return [
            *((self.source, text) for text in texts[:known]),
            *((str(self.item.target), text) for text in of_output),
        ]

    @property
    def truth(self) -> dict[str, Any] | None:
        """Hits, misses and false alarms by its labels; None where none were given."""
        return self.facts.get("truth")

    @property
    def searches(self) -> tuple[Events, ...]:
        """Events that each ``match`` stage found, where a search was asked to bring it back."""
        return tuple(self.facts.get("searches", ()))

    def to_dict(self) -> dict[str, Any]:
        """Facts as plain data."""
        if self.status not in ("done", "failed"):
            return {"input": self.source, "output": str(self.item.target), "status": self.status}
        facts = {name: value for name, value in self.facts.items() if name not in _INTERNAL}
        if self.status == "done":
            facts["warnings"] = self.warnings
        events = {"event_files": list(map(str, self.item.events))} if self.item.events else {}
        return {"input": self.source, "output": self.output, **events, "status": self.status, **facts}

    def __str__(self) -> str:
        outputs = ", ".join(map(str, self.item.outputs))
        reason = f": {self.reason}" if self.error is not None else ""
        return f"{self.source} -> {outputs}: {self.status}{reason}"


@dataclass(frozen=True)
class RunResult(Sequence[FileResult]):
    """Result of a run: a sequence of `FileResult`, those that were done or failed first.

    Examples
    --------
    >>> import numpy as np
    >>> for name in ("a.wav", "b.wav"):
    ...     _ = write(name, np.zeros(8), 8000)
    >>> result = run([Gain(gain="-6 dB")], ["a.wav", "b.wav"], "out/{name}")
    >>> print(result)
    2 done
    >>> len(result), result.exit_code, [file.output for file in result], [file.error for file in result.failed]
    (2, 0, ['out/a.wav', 'out/b.wav'], [])
    """

    work: Work
    files: tuple[FileResult, ...]
    interrupted: bool = False
    """Whether it was stopped before all files were begun."""
    explained: tuple[tuple[Path, ...], ...] = ()
    """For ``explain: true``, the pages that were written about each output."""

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: Any) -> Any:
        return self.files[index]

    def __iter__(self) -> Iterator[FileResult]:
        return iter(self.files)

    def of(self, *statuses: Status) -> tuple[FileResult, ...]:
        """Files with one of these statuses."""
        return tuple(file for file in self.files if file.status in statuses)

    @property
    def done(self) -> tuple[FileResult, ...]:
        """Files that this run did."""
        return self.of("done")

    @property
    def failed(self) -> tuple[FileResult, ...]:
        """Files that failed, each with its reason as ``error``."""
        return self.of("failed")

    @property
    def manifest(self) -> Path | None:
        """The file that remembers what was done; None where nothing is remembered."""
        return None if self.work.batch is None else self.work.batch.manifest

    @property
    def report(self) -> Path | None:
        """The page that was written about the run."""
        return self.work.report

    @property
    def exit_code(self) -> int:
        """0 when all is well, 1 when a file failed, 3 when the run could not go on, 130 when it was interrupted."""
        if any(file.facts.get("code") == DiskFullError.exit_code for file in self.failed):
            return DiskFullError.exit_code
        return 130 if self.interrupted else int(bool(self.failed))

    @property
    def truth(self) -> dict[str, Any] | None:
        """Hits, misses and false alarms in all recordings, with their rates; None where no labels were given."""
        scores = [file.facts["truth"] for file in self if "truth" in file.facts]
        return bundled("faltung_events.scoring", "truth=").total(scores) if scores else None

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data, as ``faltung run --json`` prints it."""
        data: dict[str, Any] = {
            "done": len(self.done),
            "failed": len(self.failed),
            "skipped": len(self.of("skipped")),
            "not_begun": len(self.of("not begun")),
            "files": [file.to_dict() for file in self.files],
            **({} if (truth := self.truth) is None else {"truth": truth}),
        }
        if self.manifest is None:
            return data
        return {**data, "unchanged": len(self.of("unchanged")), "manifest": str(self.manifest)}

    def to_json(self) -> str:
        """`to_dict` as JSON."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False)

    def __str__(self) -> str:
        counts = {status: len(self.of(status)) for status in get_args(Status)}
        counted = ", ".join(f"{count} {status}" for status, count in counts.items() if count) or "no files"
        lines = (f"  {file.source}: {file.reason}" for file in self.failed)
        return "\n".join([counted, *lines])


def clipping(facts: Data) -> list[str]:
    """A warning where samples were clipped, with the first of them; none where none was."""
    if not facts.get("clipped"):
        return []
    return [f"clipped {clipped_text(facts)}; lower the gain, or set clip: scale"]


def clipped_text(facts: Data) -> str:
    """``0``, or ``12 samples, the first at 1.250 s (frame 60,000, channel 0)``."""
    if facts["first_clip"] is None:
        return f"{facts['clipped']:,}"
    frame, channel = facts["first_clip"]["frame"], facts["first_clip"]["channel"]
    first = f"the first at {duration(frame / facts['fs'])} (frame {frame:,}, channel {channel})"
    return f"{count(facts['clipped'], 'sample')}, {first}"
