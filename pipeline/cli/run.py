"""``faltung run``: the files that a configuration names, or others, through its stages."""

from __future__ import annotations

from .options import (
    ConfigFile,
    DryRun,
    Inputs,
    Jobs,
    Json,
    Output,
    Overwrite,
    Quiet,
    Report,
    Settings,
    SkipExisting,
    Verbose,
)

__all__ = ["run"]


def run(
    config: ConfigFile,
    inputs: Inputs = None,
    output: Output = None,
    settings: Settings = None,
    overwrite: Overwrite = False,
    skip_existing: SkipExisting = False,
    dry_run: DryRun = False,
    jobs: Jobs = 1,
    report: Report = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run a configuration on its inputs, or on others.

    Paths in CONFIG are seen from its folder, those given here from the working directory.
    """
    from ..config.load import load_config
    from .jobs import prepare
    from .running import check_streams, dry, finish

    check_streams(inputs or (), output, jobs=jobs, as_json=as_json)
    loaded = load_config(config, settings or ())
    work = prepare(loaded, inputs or (), output, overwrite=overwrite, skip=skip_existing, report=report)
    (dry if dry_run else finish)(work, as_json=as_json, quiet=quiet, verbose=verbose)
