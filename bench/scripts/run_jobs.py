"""Runs one configuration on many files, one after another in this process: ``run_jobs.py CONFIG OUT IN ...``.

The same work as a batch without its manifest, its workers and its command; the plan is made once.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

from pipeline.system import keep_freed_memory, settle_process

if __name__ == "__main__":
    settle_process()
    keep_freed_memory()
    from pipeline.config.load import load_config
    from pipeline.job import Hooks, Job, run_job

    config, target, *sources = map(Path, sys.argv[1:])
    job = Job.of(load_config(config).settings)
    plan = cache(job.plan)
    for source in sources:
        run_job(job, source, target / source.name, hooks=Hooks(plan=plan))
