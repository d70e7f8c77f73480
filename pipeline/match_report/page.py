"""The page of a search: one HTML file with the picture and the events inside, which plays the recording from disk.

Style and script are those of a run's report, `pipeline.batch.report`.
"""

from __future__ import annotations

import base64
from pathlib import Path

from ..explain.drawing import png_bytes
from ..io import is_remote
from ..pages import PLAYED, link, page_from, report_parts, shown
from .figure import match_figure
from .picture import Picture

MOST_ROWS = 2_000
"""Events that are listed, the strongest of all; the event files have every one."""


def match_page(picture: Picture, source: str | Path, folder: Path, png: bytes | None = None) -> str:
    """The page, with a link to the recording as seen from ``folder``; ``png`` is the picture where it is drawn yet."""
    found = picture.events
    listed = sorted(found.events, key=lambda event: -abs(event.score))[:MOST_ROWS]
    local = str(source) != "-" and not is_remote(source)
    image = base64.b64encode(png or png_bytes(match_figure(picture))).decode()
    values = {
        "found": found,
        "events": sorted(listed, key=lambda event: (event.start_frame, event.template, event.channel)),
        "href": link(str(source), folder) if local else None,
        "plays": local and Path(source).suffix.lower() in PLAYED,
        "decoyed": found.decoys is not None,
        "unscored": sum(part.end_s - part.start_s for part in found.unscored),
        "image": image,
    }
    return page_from("pipeline.match_report", "match.html.j2", values, own=report_parts(), filters={"shown": shown})
