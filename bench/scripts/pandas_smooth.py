"""Smooths a table of times and values with pandas and scipy: ``pandas_smooth.py WINDOW IN OUT``."""

from __future__ import annotations

import sys

import pandas as pd
from scipy.signal import oaconvolve
from scipy.signal.windows import hann

if __name__ == "__main__":
    width, source, target = sys.argv[1:]
    rows = pd.read_csv(source, parse_dates=["time"])
    window = hann(int(width) + 2)[1:-1]  # faltung's has no zeros at its ends
    rows["value"] = oaconvolve(rows["value"].to_numpy(), window / window.sum())[: len(rows)]
    rows.to_csv(target, index=False)
