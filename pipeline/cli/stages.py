"""``faltung stages``: which stages are installed, and what one of them takes."""

from __future__ import annotations

from .options import Json, StageName

__all__ = ["stages"]


def stages(
    name: StageName = None,
    as_json: Json = False,
) -> None:
    """List the stages installed, or describe one.

    With NAME: its settings with their units and defaults, and examples.
    """
    from .stage_view import describe, list_stages, show_list, show_stage
    from .terminal import write_json

    if name is None:
        listed = list_stages()
        write_json(listed) if as_json else show_list(listed)
    else:
        described = describe(name)
        write_json(described) if as_json else show_stage(described)
