"""The arguments and options of the commands, each written once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from .terminal import prints_aside


def _argument(metavar: str, text: str, **more: Any) -> Any:
    return typer.Argument(metavar=metavar, help=text, show_default=False, **more)


def _by(name: str) -> Any:
    """What completes an argument: a function in `pipeline.cli.completion`, which only a shell that asks loads."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        from . import completion

        return getattr(completion, name)(ctx, incomplete)  # type: ignore[no-any-return]

    return complete


def _option(*names: str, metavar: str, text: str, **more: Any) -> Any:
    return typer.Option(*names, metavar=metavar, help=text, show_default=False, **more)


ConfigFile = Annotated[Path, _argument("CONFIG", "The configuration, a YAML file.")]
Inputs = Annotated[
    list[str] | None, _argument("INPUT", "Files or patterns, instead of those of CONFIG; - is standard input.")
]
InfoFiles = Annotated[list[str], _argument("FILE", "Files of any kind; - is standard input.")]
In = Annotated[str, _argument("IN", "The input; - is standard input.")]
Out = Annotated[str, _argument("OUT", "The output; - is standard output.")]
Words = Annotated[
    list[str],
    _argument("STAGE", "Stages, parted by ':'; each a name, then SETTING=VALUE ...", autocompletion=_by("words")),
]
StageName = Annotated[str | None, _argument("NAME", "One stage, in full.", autocompletion=_by("stage_names"))]

_TEMPLATE = "A path, with {stem} {name} {ext} {parent} {relative}; - is standard output."
_OVERRIDE = "Change a setting: stages.0.delay='300 ms', hall.mix=20%. May be given again."

Output = Annotated[str | None, _option("-o", "--output", metavar="OUT", text=_TEMPLATE)]
Baked = Annotated[
    str, _option("-o", "--output", metavar="FILE", text="An audio file, .npy, or .txt with one tap a line.")
]
Save = Annotated[Path | None, _option("--save", metavar="CONFIG", text="Write the pipeline as a configuration, too.")]
Settings = Annotated[
    list[str] | None,
    _option("-s", "--set", metavar="KEY=VALUE", text=_OVERRIDE, autocompletion=_by("overrides")),
]
_SAID = "Say what a configuration can: fs=48kHz, time_column=time, gaps=nan. May be given again."
Said = Annotated[list[str] | None, _option("-s", "--set", metavar="KEY=VALUE", text=_SAID)]
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
Scheduler = Annotated[
    str | None, _option("--scheduler", metavar="URL", text="Have a Dask cluster do the files: tls://host:8786.")
]
Insecure = Annotated[bool, typer.Option("--insecure", help="Use a scheduler elsewhere by tcp://, too.")]
_REPORT = "Write a page on what became of each file, and JSON."
Report = Annotated[Path | None, _option("--report", metavar="FILE", text=_REPORT)]
RunReport = Annotated[Path | None, _option("--run-report", metavar="FILE", text=_REPORT)]

Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace outputs that exist.")]
SkipExisting = Annotated[bool, typer.Option("--skip-existing", help="Pass over inputs whose output exists.")]
Force = Annotated[bool, typer.Option("--force", help="Do again what is done and unchanged, too.")]
RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="Do only the files that failed before.")]
FailFast = Annotated[bool, typer.Option("--fail-fast", help="Begin no more files once one has failed.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be written; write nothing.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document, for machines.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing but errors.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Say more: what was rounded, and other notes.")]

Recordings = Annotated[list[str], _argument("RECORDING", "Files or patterns; - is standard input.")]
MatchTemplates = Annotated[
    list[str],
    _option(
        "--template",
        "-t",
        metavar="WHAT",
        text="A file, a folder, FILE@START:END, FILE@LABELS, or START:END or @LABELS of the recording itself. May be "
        "given again.",
    ),
]
EventFiles = Annotated[
    list[str] | None,
    _option(
        "-o",
        "--output",
        metavar="EVENTS",
        text="Write the events: .csv .jsonl .parquet .selections.txt (Raven) .txt (Audacity) .TextGrid .eaf; {stem} as "
        "for run. May be given again.",
    ),
]
MatchPage = Annotated[
    Path | None, _option("--report", metavar="FILE", text="Write a page with pictures, and the picture as PNG.")
]
MatchSource = Annotated[str | None, _option("--source", metavar="NAME", text="The signal, in files of several.")]
MatchTruth = Annotated[
    str | None,
    _option("--truth", metavar="LABELS", text="Count hits, misses and false alarms by labels; {stem} as for run."),
]
MatchTolerance = Annotated[
    str | None, _option("--tolerance", metavar="TIME", text="How far apart the two may start: 50 ms unless given.")
]
MatchTruthLabel = Annotated[
    str | None, _option("--truth-label", metavar="TEXT", text="Labels of this text alone count: wren, 'wren*'.")
]
MatchThreshold = Annotated[
    str, typer.Option("--threshold", metavar="WORDS", help='0.7, "mad 8", "1 per hour" or "fdr 5%".')
]
MatchScore = Annotated[str | None, _option("--score", metavar="WORD", text="ncc, correlation or matched_filter.")]
MatchPolarity = Annotated[str | None, _option("--polarity", metavar="WORD", text="positive, negative or both.")]
MatchChannels = Annotated[str | None, _option("--channels", metavar="WORD", text="each, mean or sum.")]
MatchMinDistance = Annotated[
    str | None, _option("--min-distance", metavar="TIME", text="Of two nearer peaks the higher counts: 250 ms.")
]
MatchDomain = Annotated[
    str | None, _option("--domain", metavar="WORD", text="What is compared: waveform or spectrogram.")
]
MatchSpectrogram = Annotated[
    str | None,
    _option("--spectrogram", metavar="WORDS", text="window=20ms,hop=5ms,low=2kHz,high=8kHz,floor=-80dB, or some."),
]


def _load_plugins(files: list[str] | None) -> None:
    from ..plugins import load_file

    for file in files or ():
        with prints_aside():
            load_file(file)


def _leave_plugins_out(asked: bool) -> None:
    if asked:
        from ..plugins import LEAVE_OUT, OFF

        os.environ[OFF] = LEAVE_OUT  # of workers, too


_LOCAL_PLUGINS = "Load stages, readers or writers of your own. May be given again."
PluginFiles = Annotated[
    list[str] | None, _option("--plugin", metavar="FILE", text=_LOCAL_PLUGINS, callback=_load_plugins)
]
NoPlugins = Annotated[
    bool,
    typer.Option(
        "--no-plugins", callback=_leave_plugins_out, is_eager=True, help="Leave the plugins of other packages out."
    ),
]


def add_plugin_options(group: Any) -> None:
    """Give ``--plugin FILE`` and ``--no-plugins`` to the command and to each subcommand, those of others too."""
    app = typer.Typer(add_completion=False)

    @app.command()
    def _(plugin: PluginFiles = None, no_plugins: NoPlugins = False) -> None: ...

    added = typer.main.get_command(app).params
    for option in added:
        option.expose_value = False  # what is given is done, and the commands need not know
    for command in group.commands.values():
        command.callback = prints_aside()(command.callback)
    for command in (group, *group.commands.values()):
        command.params += added
    group.also = added
