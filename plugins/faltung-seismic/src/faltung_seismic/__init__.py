"""Readers of MiniSEED and SAC: the rows that faltung finds by their entry points."""

from __future__ import annotations

from pipeline.io import ReaderKind

from .heads import holds_mseed, is_sac

__all__ = ["MSEED", "SAC"]

MSEED = ReaderKind("MSEED", holds_mseed, "faltung_seismic.miniseed:MiniSeedReader")
SAC = ReaderKind("SAC", is_sac, "faltung_seismic.sac:SacReader")
