"""Events of searches as Parquet: a row each, with the columns of every event file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from pipeline.match.events import Event, Events


def encoded(searches: Sequence[Events]) -> bytes:
    """The bytes of a Parquet file of these events."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"str": pa.string(), "int": pa.int64(), "float": pa.float64()}
    events = [event for search in searches for event in search.events]
    columns = {
        field.name: pa.array(
            [_utf8(getattr(event, field.name)) for event in events], kinds[str(field.type).removesuffix(" | None")]
        )
        for field in fields(Event)
    }
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def _utf8(value: Any) -> Any:
    r"""A text whose bytes that are no UTF-8 are written ``\udcff``."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
