"""``faltung run``: the files that a configuration names, or others, through its stages."""

from __future__ import annotations

from .options import (
    Checked,
    ConfigFile,
    DryRun,
    FailFast,
    Force,
    Inputs,
    Insecure,
    Jobs,
    Json,
    Output,
    Overwrite,
    Quiet,
    Report,
    RetryFailed,
    Scheduler,
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
    force: Force = False,
    retry_failed: RetryFailed = False,
    fail_fast: FailFast = False,
    dry_run: DryRun = False,
    jobs: Jobs = None,
    check: Checked = None,
    scheduler: Scheduler = None,
    insecure: Insecure = False,
    report: Report = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run a configuration on its inputs, or on others.

    Paths in CONFIG are seen from its folder, those given here from the working directory. Several files are a batch:
    run again, it does only what is not done, or not as it would be done now.
    """
    from ..config.load import load_config
    from .jobs import prepare
    from .running import check_scheduler, check_streams, choices_of, dry, finish

    check_streams(inputs or (), output, as_json=as_json)
    check_scheduler(scheduler, jobs, insecure=insecure)
    base = None if scheduler is None else config.absolute().parent  # workers have working directories of their own
    loaded = load_config(config, settings or (), base=base)
    choices = choices_of(loaded, jobs, check, scheduler, force=force, retry_failed=retry_failed, fail_fast=fail_fast)
    if (choices.jobs or 1) > 1 and not dry_run:
        from ..batch.worker import start_fork_server

        start_fork_server()  # before there are threads, and the lock of a manifest
    work = prepare(
        loaded, inputs or (), output, overwrite=overwrite, skip=skip_existing, choices=choices, report=report
    )
    (dry if dry_run else finish)(work, as_json=as_json, quiet=quiet, verbose=verbose)
