"""What a search found in one recording, as a picture and as a page that plays it from disk."""

from __future__ import annotations

from .figure import match_figure
from .page import match_page
from .picture import STRETCHES, Picture, picture_of

__all__ = ["STRETCHES", "Picture", "match_figure", "match_page", "picture_of"]
