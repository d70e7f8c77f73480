"""Times batches: 2,000 files of half a second with one and with two workers, and other programs, a process a file.

16 kHz, mono, 16 bit in, float32 out; an echo and a hall of one second, which the others are given as one response.
Files a second are compared, so that the slow ones may do fewer. An output is compared with the true convolution
before any time is taken.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import soundfile

from .agreement import Agreement, compare, true_convolution
from .peers import faltung_command
from .report import Goal, Section, table
from .settings import Settings
from .signals import response
from .timing import CommandError, Contender, Run, interleaved, median_processor, median_ratio, median_wall, run_once

__all__ = ["FEW", "FILES", "measure", "threads_at_work", "write_place"]
