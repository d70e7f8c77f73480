"""The claims usually made for the flip, each put to an experiment: verdict, numbers, figure, in two languages."""

from __future__ import annotations

from .result import LANGUAGES, VERDICTS, ClaimResult, Language, Text, Verdict
from .run import run_claims, write_claims

__all__ = ["LANGUAGES", "VERDICTS", "ClaimResult", "Language", "Text", "Verdict", "run_claims", "write_claims"]
