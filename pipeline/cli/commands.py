"""The commands of ``faltung``: each parses, calls and prints, and imports what it needs when it is run."""

from __future__ import annotations

from typing import Annotated

import typer

from . import options as opt
from .others import Commands

app = typer.Typer(
    name="faltung",
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: rich takes longer to import than the help takes to read
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _show_version(asked: bool) -> None:
    if asked:
        from .. import __version__
        from .terminal import write

        write(f"faltung {__version__}\n")
        raise typer.Exit


@app.callback()
def faltung(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Causal convolution of sampled signals, from a pipeline written in YAML.

    \b
    A first try:
      faltung apply in.wav out.wav echo delay="250 ms" gain="-6 dB" repeats=3
    """  # noqa: D301  (the backspace tells typer to keep the lines)


@app.command()
def run(
    config: opt.ConfigFile,
    inputs: opt.Inputs = None,
    output: opt.Output = None,
    settings: opt.Settings = None,
    overwrite: opt.Overwrite = False,
    skip_existing: opt.SkipExisting = False,
    force: opt.Force = False,
    retry_failed: opt.RetryFailed = False,
    fail_fast: opt.FailFast = False,
    dry_run: opt.DryRun = False,
    jobs: opt.Jobs = None,
    check: opt.Checked = None,
    scheduler: opt.Scheduler = None,
    insecure: opt.Insecure = False,
    report: opt.Report = None,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """Run a configuration on its inputs, or on others.

    Paths in CONFIG are seen from its folder, those given here from the working directory. Several files are a batch:
    run again, it does only what is not done, or not as it would be done now.
    """
    from ..runs.running import prepare_run
    from . import process
    from .run_view import check_streams, finish, show_plan_of

    check_streams(inputs or (), output, as_json=as_json)
    work = prepare_run(
        config, inputs or (), output, settings=settings or (), overwrite=overwrite, skip_existing=skip_existing,
        force=force, retry_failed=retry_failed, fail_fast=fail_fast, jobs=jobs, check=check, scheduler=scheduler,
        insecure=insecure, report=report, dry_run=dry_run, apart=process.is_own,
    )  # fmt: skip
    (show_plan_of if dry_run else finish)(work, as_json=as_json, quiet=quiet, verbose=verbose)


@app.command()
def apply(
    source: opt.In,
    target: opt.Out,
    words: opt.Words,
    settings: opt.Said = None,
    save: opt.Save = None,
    precision: opt.Precision = None,
    tail: opt.Tail = None,
    subtype: opt.Subtype = None,
    overwrite: opt.Overwrite = False,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """Run stages written on the command line.

    \b
      faltung apply in.wav out.wav echo delay="250 ms" : smooth length="5 ms"
      faltung stages        lists the stages
      faltung stages echo   says what one takes
    """  # noqa: D301  (the backspace tells typer to keep the lines)
    from .applied import CommandLinePipeline
    from .run_view import check_streams, finish

    check_streams([source], target, as_json=as_json)
    spoken = CommandLinePipeline(source, target, words, settings or (), precision=precision, tail=tail, subtype=subtype)
    with spoken.naming_stages():
        work = spoken.work(overwrite=overwrite, save=save)
        finish(work, as_json=as_json, quiet=quiet, verbose=verbose)
    if save is not None:
        spoken.save(save, work, overwrite=overwrite)


@app.command()
def match(
    recordings: opt.Recordings,
    template: opt.MatchTemplates,
    threshold: opt.MatchThreshold = "0.7",
    score: opt.MatchScore = None,
    polarity: opt.MatchPolarity = None,
    channels: opt.MatchChannels = None,
    min_distance: opt.MatchMinDistance = None,
    domain: opt.MatchDomain = None,
    spectrogram: opt.MatchSpectrogram = None,
    source: opt.MatchSource = None,
    truth: opt.MatchTruth = None,
    tolerance: opt.MatchTolerance = None,
    truth_label: opt.MatchTruthLabel = None,
    output: opt.EventFiles = None,
    report: opt.MatchPage = None,
    said: opt.Said = None,
    run_report: opt.RunReport = None,
    save: opt.Save = None,
    jobs: opt.Jobs = None,
    force: opt.Force = False,
    retry_failed: opt.RetryFailed = False,
    dry_run: opt.DryRun = False,
    overwrite: opt.Overwrite = False,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """Find where a template occurs: correlation, which does not flip.

    \b
      faltung match day.wav --template call.wav --threshold "1 per hour" -o calls.csv
      faltung match day.wav --template 1.2:1.6 --report calls.html
    """  # noqa: D301  (the backspace tells typer to keep the lines)
    from .match_view import CommandLineSearch

    settings = {
        "threshold": threshold, "score": score, "polarity": polarity, "channels": channels,
        "min_distance": min_distance, "domain": domain or (spectrogram and "spectrogram"), "spectrogram": spectrogram,
        "source": source,
    }  # fmt: skip
    search = CommandLineSearch(recordings, template, settings, output or (), report, said or ())
    search.run(
        save, as_json=as_json, quiet=quiet, verbose=verbose, dry_run=dry_run, report=run_report, jobs=jobs,
        force=force, retry_failed=retry_failed, overwrite=overwrite, truth=truth, tolerance=tolerance,
        truth_label=truth_label,
    )  # fmt: skip


@app.command()
def plan(
    config: opt.ConfigFile,
    inputs: opt.Inputs = None,
    output: opt.Output = None,
    settings: opt.Settings = None,
    fs: opt.Rate = None,
    channels: opt.Channels = None,
    as_json: opt.Json = False,
) -> None:
    """Say what would happen, stage by stage; run nothing."""
    from ..runs.plans import plan as planned
    from ..runs.work import load
    from .plan_view import show_run_plan
    from .terminal import end_with, tell, write

    loaded = load(config, settings or ())
    for warning in loaded.warnings:
        tell(f"warning: {warning}")
    made = planned(loaded, inputs or (), output, fs=fs, channels=channels)
    write(made.to_json() + "\n") if as_json else show_run_plan(made)
    end_with(made.failed)


@app.command()
def bake(
    config: opt.ConfigFile,
    output: opt.Baked,
    settings: opt.Settings = None,
    fs: opt.Rate = None,
    channels: opt.Channels = None,
    subtype: opt.Subtype = None,
    overwrite: opt.Overwrite = False,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """Write all stages as one impulse response.

    Rate and channels are those of the configuration's first input, unless --fs is given. WAV is written as DOUBLE, so
    that nothing is lost, unless --subtype is given.
    """
    from ..runs.baking import bake as baked
    from .run_view import check_streams, show_baked

    check_streams((), output, as_json=as_json)
    made = baked(
        config, output, settings=settings or (), fs=fs, channels=channels, subtype=subtype, overwrite=overwrite
    )
    show_baked(made, as_json=as_json, quiet=quiet)


@app.command()
def stages(name: opt.StageName = None, as_json: opt.Json = False) -> None:
    """List the stages installed, or describe one.

    With NAME: its settings with their units and defaults, and examples.
    """
    from .stage_view import describe, list_stages, show_list, show_stage
    from .terminal import write_json

    if name is None:
        listed = list_stages()
        write_json(listed) if as_json else show_list(listed)
    else:
        described = describe(name)
        write_json(described) if as_json else show_stage(described)


@app.command()
def info(files: opt.InfoFiles, as_json: opt.Json = False) -> None:
    """Say what a file is, by whose reader, when it was recorded, and what is odd about it.

    From its header alone; of a pipe, when its end is there. Exit code 1 where one cannot be read.
    """
    from .info_view import about, show
    from .terminal import write_json

    told = [about(path) for path in files]
    if as_json:
        write_json(told[0] if len(told) == 1 else told)
    else:
        for one in told:
            show(one)
    if any("error" in one for one in told):
        raise typer.Exit(1)
