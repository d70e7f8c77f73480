"""Names of texts: what each container calls a title, and the one name that all of them have here."""

from __future__ import annotations

Tags = tuple[tuple[str, str], ...]

PICTURE = "picture"
"""Name of an attached picture; its bytes are those of a FLAC picture block."""
PICTURE_FIELD = "METADATA_BLOCK_PICTURE"
"""Name of such a block, in base64, among the comments of Ogg."""

NAMES = {"encoder": "software", "track number": "tracknumber", "year": "date"}
"""Names that comments have in files, and the one that libsndfile has for them."""

ID3_NAMES = {
    "TIT2": "title", "TPE1": "artist", "TALB": "album", "TDRC": "date", "TYER": "date", "TCON": "genre",
    "TRCK": "tracknumber", "TCOP": "copyright", "TSSE": "software", "COMM": "comment",
    "TT2": "title", "TP1": "artist", "TAL": "album", "TYE": "date", "TCO": "genre", "TRK": "tracknumber",
    "TCR": "copyright", "TSS": "software", "COM": "comment",
}  # fmt: skip
"""Frames of ID3 2.2 to 2.4, and the names of their texts."""
