"""The arguments and options of the commands, each written once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = [
    "Baked",
    "Channels",
    "Checked",
    "ConfigFile",
    "DryRun",
    "FailFast",
    "Force",
    "In",
    "Inputs",
    "Jobs",
    "Json",
    "Out",
    "Output",
    "Overwrite",
    "Precision",
    "Quiet",
    "Rate",
    "Report",
    "RetryFailed",
    "Save",
    "SchemaFile",
    "Settings",
    "SkipExisting",
    "StageName",
    "Subtype",
    "Tail",
    "Verbose",
    "Words",
]


def _argument(metavar: str, text: str) -> Any:
    return typer.Argument(metavar=metavar, help=text, show_default=False)


def _option(*names: str, metavar: str, text: str, **more: Any) -> Any:
    return typer.Option(*names, metavar=metavar, help=text, show_default=False, **more)


ConfigFile = Annotated[Path, _argument("CONFIG", "The configuration, a YAML file.")]
Inputs = Annotated[
    list[str] | None, _argument("INPUT", "Files or patterns, instead of those of CONFIG; - is standard input.")
]
In = Annotated[str, _argument("IN", "The input; - is standard input.")]
Out = Annotated[str, _argument("OUT", "The output; - is standard output.")]
Words = Annotated[list[str], _argument("STAGE", "Stages, parted by ':'; each a name, then SETTING=VALUE ...")]
StageName = Annotated[str | None, _argument("NAME", "One stage, in full.")]

_TEMPLATE = "A path, with {stem} {name} {ext} {parent} {relative}; - is standard output."
_OVERRIDE = "Change a setting: stages.0.delay='300 ms', hall.mix=20%. May be given again."

Output = Annotated[str | None, _option("-o", "--output", metavar="OUT", text=_TEMPLATE)]
Baked = Annotated[
    str, _option("-o", "--output", metavar="FILE", text="An audio file, .npy, or .txt with one tap a line.")
]
SchemaFile = Annotated[Path | None, _option("-o", "--output", metavar="FILE", text="Write it here.")]
Save = Annotated[Path | None, _option("--save", metavar="CONFIG", text="Write the pipeline as a configuration, too.")]
Settings = Annotated[list[str] | None, _option("-s", "--set", metavar="KEY=VALUE", text=_OVERRIDE)]
Precision = Annotated[str | None, _option("--precision", metavar="WORD", text="double, unless single is asked for.")]
Tail = Annotated[str | None, _option("--tail", metavar="WORD", text="keep what sounds on, unless trim is asked for.")]
Subtype = Annotated[
    str | None, _option("--subtype", metavar="NAME", text="Encoding of the output: PCM_16, PCM_24, FLOAT, DOUBLE ...")
]
Rate = Annotated[str | None, _option("--fs", metavar="HZ", text="Sampling rate, where no input tells it.")]
Channels = Annotated[
    int | None, _option("--channels", metavar="N", text="Channels, together with --fs; else 1.", min=1)
]
Jobs = Annotated[str | None, _option("--jobs", metavar="N", text="Files done at a time: a number, or auto.")]
Checked = Annotated[str | None, _option("--check", metavar="HOW", text="What tells a changed file: stat or hash.")]
Report = Annotated[
    Path | None, _option("--report", metavar="FILE", text="Write a page on what became of each file, and JSON.")
]

Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace outputs that exist.")]
SkipExisting = Annotated[bool, typer.Option("--skip-existing", help="Pass over inputs whose output exists.")]
Force = Annotated[bool, typer.Option("--force", help="Do again what is done and unchanged, too.")]
RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="Do only the files that failed before.")]
FailFast = Annotated[bool, typer.Option("--fail-fast", help="Begin no more files once one has failed.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be written; write nothing.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document, for machines.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing but errors.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Say more: what was rounded, and other notes.")]
