"""What every test shares: Hypothesis without deadlines, for machines that are busy with other work."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("faltung", deadline=None, derandomize=True)
settings.load_profile("faltung")
