"""``faltung schema``: the JSON Schema of a configuration, with every stage installed, for editors."""

from __future__ import annotations

from .options import Overwrite, SchemaFile

__all__ = ["schema"]


def schema(
    output: SchemaFile = None,
    overwrite: Overwrite = False,
) -> None:
    """Print the JSON Schema of configurations.

    With every stage installed; editors complete and check with it.
    """
    from ..config.schema import schema_text
    from ..io.sink import write_bytes
    from .terminal import write

    text = schema_text()
    if output is None:
        write(text)
    else:
        write_bytes(output, text.encode(), overwrite=overwrite)
