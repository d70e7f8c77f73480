"""Completes names of stages and of their settings, for the shells that ``faltung --install-completion`` sets up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def stage_names(_context: Any, incomplete: str) -> list[str]:
    """Names of stages that begin so; nothing is imported for them."""
    from ..stages.base.registry import available_stages

    return [source.name for source in available_stages() if source.name.startswith(incomplete)]


def words(context: Any, incomplete: str) -> list[str]:
    """Words of ``faltung apply``: a stage at the beginning and after ``:``, else a setting of it, or a value."""
    before: list[str] = list(context.params.get("words") or ())
    if not before or before[-1] == ":":
        return stage_names(context, incomplete)
    start = max((i + 1 for i, word in enumerate(before) if word == ":"), default=0)
    settings = dict(_settings(before[start]))
    if before[-1] == "=":  # bash parts a word there
        return [value for value in settings.get(before[-2], ()) if value.startswith(incomplete)]
    name, equals, begun = incomplete.partition("=")
    if equals:
        return [f"{name}={value}" for value in settings.get(name, ()) if value.startswith(begun)]
    given = {word.partition("=")[0] for word in before[start + 1 :]}
    return [f"{one}=" for one in settings if one.startswith(incomplete) and one not in given] + [":"] * (not incomplete)


def overrides(context: Any, incomplete: str) -> list[str]:
    """Settings of the stages of a configuration, as ``--set`` names them: ``stages.0.delay=``."""
    from ..config.load import load_config
    from ..errors import FaltungError

    given = [context.params.get("config"), *context.args]  # an option that has no value yet leaves all in the latter
    config = next((one for one in given if one and not str(one).startswith("-")), None)
    try:
        stages = load_config(str(config)).settings.stages
    except (FaltungError, OSError):
        return []
    places = [(f"stages.{i}", stage) for i, stage in enumerate(stages)]
    places += [(stage.id, stage) for stage in stages if stage.id]
    names = (f"{place}.{name}=" for place, stage in places for name, _ in _settings(stage.use))
    return [name for name in names if name.startswith(incomplete)]


def _settings(stage: str) -> Iterator[tuple[str, list[str]]]:
    """Each setting of a stage, and the values that it may have, where they are words."""
    from typing import Literal, get_args, get_origin

    from ..errors import PluginError
    from ..stages.base.registry import stage_class

    try:
        fields = stage_class(stage).model_fields
    except PluginError:
        return
    for name, field in fields.items():
        kinds = [field.annotation, *get_args(field.annotation)]
        found = [value for kind in kinds if get_origin(kind) is Literal for value in get_args(kind)]
        found += ["true", "false"] if bool in kinds else []
        yield name, [str(value) for value in found]
