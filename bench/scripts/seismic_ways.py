"""One way to search a MiniSEED day for a template: ``WAY DAY TEMPLATE OUTPUT`` writes nanoseconds of what it found."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path

THRESHOLD = 0.5


def faltung(day: str, event: str) -> list[int]:
    """As its command does: the whole day as one stream, each event at the time of its record."""
    from pipeline import find_matches

    found = find_matches(day, event, threshold=THRESHOLD, channels="mean", gaps="nan")
    return [_ns(one.start_utc) for one in found]


def _ns(utc: str) -> int:
    whole = datetime.fromisoformat(f"{utc.partition('.')[0]}+00:00")
    return int(whole.timestamp()) * 10**9 + int(utc.partition(".")[2].rstrip("Z").ljust(9, "0"))


def obspy(day: str, event: str) -> list[int]:
    """As its tutorial does: traces of what joins, ``correlate_template`` on each, the mean over the channels."""
    import numpy as np
    from obspy import read
    from obspy.signal.cross_correlation import correlate_template
    from scipy.signal import find_peaks

    stream, template = read(day), read(event)
    found = []
    channels = [trace.stats.channel for trace in template]
    pieces = {name: [trace for trace in stream if trace.stats.channel == name] for name in channels}
    for parts in zip(*(pieces[name] for name in channels), strict=True):
        m = template[0].stats.npts
        if parts[0].stats.npts < m:
            continue
        scores = [
            correlate_template(trace.data.astype(np.float64), one.data.astype(np.float64), mode="valid")
            for trace, one in zip(parts, template, strict=True)
        ]
        peaks, _ = find_peaks(np.mean(scores, 0), height=THRESHOLD, distance=m // 2)
        start, fs = parts[0].stats.starttime, parts[0].stats.sampling_rate
        found += [start.ns + round(int(peak) / fs * 1e9) for peak in peaks]
    return found


def eqcorrscan(day: str, event: str) -> list[int]:
    """Its matched filter on a merged stream, gaps filled with 0 as it wants them."""
    from eqcorrscan.core.match_filter import match_filter
    from obspy import read

    stream, template = read(day), read(event)
    for one in (*stream, *template):
        one.data = one.data.astype("f4")
    stream.merge(fill_value=0)
    begin, end = max(one.stats.starttime for one in stream), min(one.stats.endtime for one in stream)
    stream.trim(begin, end)
    found = match_filter(["t"], [template], stream, threshold=3 * THRESHOLD, threshold_type="absolute", trig_int=3.0)
    return [one.detect_time.ns for one in found]


if __name__ == "__main__":
    way, day_file, event_file, output = sys.argv[1:]
    times = {"faltung": faltung, "ObsPy": obspy, "EQcorrscan": eqcorrscan}[way](day_file, event_file)
    Path(output).write_text(json.dumps(sorted(int(one) for one in times)))
