"""Events of a search: each with its time, its score and what chance would have given, and the list of them.

Convention: an event stands at the **start** of its window, frame n; the window is n to ``n + m - 1``, and its score
is known when its last frame is. Times are whole frames over the rate; the sub-sample offset is beside them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from importlib import import_module
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from ..errors import UsageError


@dataclass(frozen=True)
class Event:
    """One place where a template was found.

    Examples
    --------
    >>> from pipeline import find_matches
    >>> event = find_matches([0.0, 1, 3, 2, 0, 5, 15, 10], [1.0, 3, 2], fs=2.0, threshold=0.99).events[1]
    >>> event.start_s, event.end_s, round(event.score, 3)
    (2.5, 4.0, 1.0)
    """

    file: str
    template: str
    channel: int
    """Number of the channel, from 0."""
    start_s: float
    """``start_frame / fs``, without the offset."""
    end_s: float
    """``(start_frame + m) / fs``: exclusive."""
    start_frame: int
    peak_s: float
    """Time at which the score is known: ``(start_frame + m - 1) / fs``, the window's last frame."""
    score: float
    polarity: str
    """``positive`` or ``negative``: the sign of the score."""
    offset: float
    """Distance of the peak from ``start_frame``, in frames, by a parabola."""
    status: str
    """``ok``: a window without a score gives no event."""
    expected_false_alarms: float | None
    """Peaks of chance expected in this recording, over all templates and channels, at or above an event like this;
    None where there was no decoy."""
    start_utc: str | None = None
    """True time of ``start_frame`` as ISO 8601, by the recording's clock; None where no time or no zone is told."""
    start_local: str | None = None
    """The same on the recorder's own clock, with its zone if it tells one."""
    resolution_s: float | None = None
    """Seconds to which that clock is known."""
    recorder: str | None = None
    """Make, model and number of what recorded it, where the recording tells them."""


@dataclass(frozen=True)
class Unscored:
    """Windows without a score: those that start from ``start_s`` to ``end_s``, exclusive."""

    template: str
    channel: int
    start_s: float
    end_s: float
    status: str
    """``flat`` or ``gap``."""


@dataclass(frozen=True)
class Events:
    """Events that a threshold leaves of one search: a sequence of `Event`, and how the threshold was set.

    Examples
    --------
    >>> from pipeline import find_matches
    >>> found = find_matches([0.0, 1, 3, 2, 0, 5, 15, 10], [1.0, 3, 2], threshold=0.99)
    >>> len(found), [event.start_frame for event in found], found[-1].end_s, found.candidates
    (2, [1, 5], 8.0, 2)
    """

    file: str
    fs: float
    """Rate of the recording, in Hz."""
    frames: int
    """Length of the recording."""
    templates: tuple[str, ...]
    events: tuple[Event, ...]
    """Events by time, then template, then channel."""
    thresholds: npt.NDArray[np.float64]
    """Thresholds on |score|, of shape (templates, channels); infinite where nothing can be an event."""
    how: str
    """Sentence on how they were set."""
    candidates: int
    """Peaks before the threshold."""
    decoys: int | None
    """Peaks of the reversed templates; None where they were not asked for."""
    false_alarms_per_hour: float | None
    """Expected of chance at these thresholds, over all templates and channels; for `mad` an upper bound on Gaussian
    scores; None where nothing is known of chance."""
    unscored: tuple[Unscored, ...]
    band: tuple[float, float]
    """The lowest and the highest frequency that were compared, in Hz."""
    time: str = ""
    """Sentence on what tells the true time, and how well; empty where nothing does."""

    def unscored_s(self) -> dict[str, float]:
        """Seconds of windows without a score, by why: the most of any template in any channel."""
        sums: dict[tuple[str, str, int], float] = {}
        for part in self.unscored:
            key = (part.status, part.template, part.channel)
            sums[key] = sums.get(key, 0.0) + part.end_s - part.start_s
        statuses = sorted({status for status, *_ in sums})
        return {status: max(seconds for (one, *_), seconds in sums.items() if one == status) for status in statuses}

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def __len__(self) -> int:
        return len(self.events)

    @overload
    def __getitem__(self, index: int) -> Event: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Event, ...]: ...

    def __getitem__(self, index: int | slice) -> Event | tuple[Event, ...]:
        return self.events[index]

    def to_dicts(self) -> list[dict[str, Any]]:
        """Events as dictionaries, a key for each column of an event file.

        Returns
        -------
        list of dict
            by time, then template, then channel; nothing in them but strings, numbers and None.

        Examples
        --------
        >>> from pipeline import find_matches
        >>> found = find_matches([0.0, 1, 3, 2, 0, 5, 15, 10], [1.0, 3, 2], threshold=0.99)
        >>> [(row["template"], row["start_frame"]) for row in found.to_dicts()]
        [('t0', 1), ('t0', 5)]
        """
        return [asdict(event) for event in self.events]

    def to_dataframe(self) -> Any:
        """Events as a data frame of pandas, a row each.

        Returns
        -------
        pandas.DataFrame
            with the columns of an event file, also where there is no event.

        Raises
        ------
        UsageError
            pandas is not installed.
        """
        try:
            pandas = import_module("pandas")
        except ImportError:
            raise UsageError("a data frame needs pandas; install it: pip install pandas") from None
        return pandas.DataFrame(self.to_dicts(), columns=[field.name for field in fields(Event)])
