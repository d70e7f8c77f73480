"""`Configuration`: everything a configuration file settles, validated and frozen.

It is what is left of a file once ``define:`` and ``x-*`` are expanded away: each stage stands for itself. Every
default is written here; units and limits are those of the field types.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from ..engine.options import Options
from ..fields import Hertz, InputFile, Seconds, Within, invalid
from ..io.dialect import TableSettings
from ..io.encodings import Subtype
from ..settings import Settings
from ..stages.base import DetectorStage, Stage
from ..stages.base.registry import AnyStage
from .inputs import Patterns, one_or_many, without_nul
from .outputs import PathTemplate, PathTemplates

__all__ = ["BatchSettings", "Configuration", "FormatSettings", "Subtype"]


def _as_written_in_libsndfile(value: Any) -> Any:
    return value.upper().replace("-", "_") if isinstance(value, str) else value


def _plain_path(value: Any) -> Any:
    if not isinstance(value, str) or not value.strip():
        raise invalid(f"must be a path such as 'out/done.jsonl', got {value!r}")
    without_nul(value)
    return value


class FormatSettings(Settings):
    """Encoding of the samples of an output; frozen."""

    subtype: Annotated[Subtype, BeforeValidator(_as_written_in_libsndfile)] | None = None
    """The encoding, by libsndfile's name; none keeps that of the input, or takes the nearest that holds it."""
    dither: Literal["none", "tpdf"] = "none"
    """Triangular noise (`tpdf`), 2 LSB wide, before rounding to whole numbers."""


class BatchSettings(Settings):
    """Settings of a run on many files; frozen."""

    jobs: Annotated[int, Field(ge=1, le=256)] | Literal["auto"] = 1
    """Files done at a time, each by a process of its own: a number, or one a processor (`auto`). A process that dies
    costs at most its own file. With 1, the files are done one after another."""
    manifest: Annotated[str, BeforeValidator(_plain_path)] | None = None
    """The file that remembers what was done, relative to this one; none keeps it in `.faltung`, a folder beside the
    outputs, or beside this file where they go to a store. A run goes on where the last one stopped."""
    check: Literal["stat", "hash"] = "stat"
    """Check of whether a file changed: by its size and time (`stat`), or by its content too (`hash`)."""
    timeout: Annotated[Seconds, Within("1 s", "24 h")] | None = None
    """The longest that one file, or shard, may take, with `jobs` of 2 or more: `10 min`; none waits for ever."""
    shard: Annotated[Seconds, Within("1 s", "24 h")] | None = None
    """Cuts files that last longer into pieces of so long, `10 min`, which are done side by side, with `jobs` of 2 or
    more; the output is the same to the bit. For chains of kernels, and for searches that write events only; what needs
    the whole of a signal is run in one pass. None cuts none."""


class Configuration(Options):
    """Everything that a configuration file settles; frozen."""

    expanded_away: ClassVar[tuple[str, ...]] = ("define",)

    version: Literal[1]
    """Version of the configuration language: 1."""
    input: Patterns = ()
    """A path, a URL of a store such as `s3://bucket/take.wav`, a pattern such as `**/*.wav`, or a list of them; paths
    are relative to this file."""
    output: PathTemplate | None = None
    """A path or a URL with `{stem}`, `{name}`, `{ext}`, `{parent}` or `{relative}` of the input; a path is relative to
    this file."""
    stages: Annotated[tuple[AnyStage, ...], Field(min_length=1)]
    """Stages that the signal goes through, in this order."""
    events: PathTemplates = ()
    """Files for what the `match` stages find: a path as `output` is one, or a list of them, each in the format of
    its extension: `.csv`, `.jsonl`, `.parquet`, `.selections.txt` (Raven) or another `.txt` (Audacity labels),
    `.TextGrid` (Praat), `.eaf` (ELAN), `.picks.csv`, `.birdnet.results.csv`, or a plugin's. Without `output`, nothing
    else is written."""
    format: FormatSettings = FormatSettings()
    """Storage of the samples of the output."""
    clip: Literal["warn", "error", "scale"] = "warn"
    """Samples over full scale, where the output has one: count and `warn`, an `error`, or `scale` the signal down."""
    truncated: Literal["error", "accept"] = "error"
    """An input that is shorter than it declares: an `error`, or `accept` what is there, with a warning."""
    batch: BatchSettings = BatchSettings()
    """Settings of a run on many files."""
    explain: bool = False
    """Adds to each output of a run a page, pictures and sounds that explain each of its kernel stages, in the folder
    `NAME-explain` beside it; `faltung explain` makes them by themselves."""
    report: InputFile | None = None
    """A page, `NAME.html`, that says what became of each file of a run and plays the outputs; its data is written
    beside it, as `NAME.json`. Relative to this file."""
    fs: Annotated[Hertz, Within(0, above=True)] | None = None
    """Sampling rate of a table that does not tell it; for audio it only has to agree."""
    columns: tuple[str | int, ...] | None = None
    """The columns of a table that are channels, by name or by position from 0; none takes all."""
    time_column: str | int | Annotated[tuple[str | int, ...], Field(min_length=1)] | None = None
    """The column of a table that has the time, by name or by position from 0; a list joins several: `[date, time]`."""
    time_unit: Literal["s", "ms", "us", "ns", "min", "h", "d"] | None = None
    """The unit of a time column of numbers; none takes what its header says, or that in which times since 1970 would
    be of our time, or seconds."""
    gaps: Literal["error", "interpolate", "nan", "split"] = "error"
    """A gap in the time of a table or a recording, and values that are missing in rows: an `error`, a straight line
    (`interpolate`), or NaN (`nan`), which a search passes over. `split` runs what lies between missing rows of a table
    each by itself, from rest."""
    max_gap: Annotated[Seconds, Within("0 s")] | None = None
    """The longest gap that is filled: `10 s`, `3 samples`; a longer one is an error."""
    table: TableSettings = TableSettings()
    """Form of a table in a text, where it is not seen by itself."""
    source: Annotated[tuple[str, ...], BeforeValidator(one_or_many)] = ()
    """Name of the signal that is taken of a file of several, such as the channel `IU.ANMO.00.BHZ` of MiniSEED, or a
    list of names; `faltung info FILE` lists them."""
    triggered: Literal["expand", "as_stored"] = "expand"
    """Quiet that an AudioMoth coded into the audio of a triggered recording (`...T.WAV`): silence again, as long as it
    was (`expand`), or left `as_stored`, where no time is true."""

    @field_validator("events", mode="after")
    @classmethod
    def _events_can_be(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        stages: tuple[Stage, ...] | None = info.data.get("stages")
        if (
            value
            and stages is not None
            and not any(isinstance(stage, DetectorStage) and stage.enabled for stage in stages)
        ):
            raise invalid("there is nothing to find: events come from a stage 'match', and there is none")
        return value
