"""What became of each file of a run, as one page that plays from disk and as JSON for machines."""

from __future__ import annotations

from .data import run_facts, run_report
from .page import page_html
from .write import refuse_other_files, write_report

__all__ = ["page_html", "refuse_other_files", "run_facts", "run_report", "write_report"]
