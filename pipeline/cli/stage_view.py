"""Says what stages there are and what each takes, from their docstrings, their settings' schema and their examples."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel

from ..errors import PluginError
from ..plugins import installed
from ..settings import own_text
from ..stages.base.registry import available_stages, stage_class
from .terminal import render, table

_TYPES = {
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "string": "text",
    "object": "mapping",
}

_READABLE = 110  # columns of a text that goes to a pipe


def list_stages() -> list[dict[str, Any]]:
    """Name, distribution and summary of each stage installed; ``error`` for one that cannot be imported."""
    listed = []
    for source in available_stages():
        entry: dict[str, Any] = {"name": source.name, "distribution": source.distribution}
        try:
            entry["summary"] = own_text(stage_class(source.name)).partition("\n")[0]
        except PluginError as error:
            entry["error"] = str(error)
        listed.append(entry)
    ours = {source.name for source in available_stages() if source.distribution == "faltung"}
    shadows = (plugin for plugin in installed("stage").values() if plugin.name in ours)
    return listed + [{"name": one.name, "distribution": one.owner, "error": one.problem} for one in shadows]


def describe(name: str) -> dict[str, Any]:
    """Everything there is to say of one stage; raises `PluginError` for a name that is not known."""
    cls = stage_class(name)
    schema = cls.model_json_schema()
    owners = {source.name: source.distribution for source in available_stages()}
    settings = []
    for key, field in cls.model_fields.items():
        settings.append(
            {
                "name": key,
                "type": _kind(schema["properties"][key], schema.get("$defs", {})),
                "unit": _unit(schema["properties"][key]),
                "required": field.is_required(),
                "default": None if field.is_required() or field.default is None else _plain_value(field.default),
                "description": schema["properties"][key].get("description", ""),
            }
        )
    return {
        "name": name,
        "distribution": owners.get(name, "unknown"),
        "description": own_text(cls),
        "linear": cls.linear,
        "time_invariant": cls.time_invariant,
        "whole_signal": cls.whole_signal,
        "settings": settings[2:] + settings[:2],  # its own first, then id and enabled, which every stage has
        "examples": [{"use": name, **example} for example in cls.examples],
    }


def show_list(listed: list[dict[str, Any]]) -> None:
    """The stages as a table."""
    shown = table("stage", "what it does", "from", fold=1)
    for entry in listed:
        summary = entry.get("summary")
        short = summary.partition(": ``")[0].rstrip(".") if summary else entry["error"]
        shown.add_row(entry["name"], _unquoted(short), entry["distribution"])
    render(shown)


def show_stage(stage: dict[str, Any]) -> None:
    """One stage in full."""
    from rich.padding import Padding
    from rich.text import Text

    settings = table("setting", "value", "default", "meaning", fold=3)
    for setting in stage["settings"]:
        default = "required" if setting["required"] else _default_text(setting["default"])
        settings.add_row(setting["name"], setting["type"].replace(" | ", "\n"), default, setting["description"])
    units = dict.fromkeys(setting["unit"] for setting in stage["settings"] if ": " in (setting["unit"] or ""))
    render(
        Text.assemble((stage["name"], "bold"), f"  from {stage['distribution']}; {_nature(stage)}"),
        Padding(_unquoted(stage["description"]), (1, 0)),
        settings,
        *([""] if units else []),
        *("A {} is written with {}.".format(*unit.split(": ", 1)) for unit in units),
        width=_READABLE,
    )
    if stage["examples"]:
        render("", Text("examples, each an entry of 'stages:'", "bold"), _yaml(stage["examples"]), wrap=False)


def _nature(stage: dict[str, Any]) -> str:
    words = ["linear" if stage["linear"] else "not linear"]
    words.append("time-invariant" if stage["time_invariant"] else "not time-invariant")
    text = " and ".join(words) if stage["linear"] == stage["time_invariant"] else ", but ".join(words)
    return text + ("; needs the whole signal" if stage["whole_signal"] else "")


def _unquoted(text: str) -> str:
    """Without the quotes of reStructuredText."""
    return re.sub(r"``(.*?)``", r"\1", text)


def _plain_value(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def _default_text(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{name}: {_default_text(one)}" for name, one in value.items())
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _choices(prop: dict[str, Any]) -> list[dict[str, Any]]:
    """Types that a setting may have, null aside."""
    if "anyOf" not in prop:
        return [prop]
    return [choice for part in prop["anyOf"] if part.get("type") != "null" for choice in _choices_within(part)]


def _choices_within(part: dict[str, Any]) -> list[dict[str, Any]]:
    return [part] if "x-unit" in part else _choices(part)


def _unit(prop: dict[str, Any]) -> str | None:
    if "x-unit" in prop:
        return str(prop["x-unit"])
    found = (unit for choice in _choices(prop) for unit in [choice.get("x-unit") or _unit_of_items(choice)] if unit)
    return next(found, None)


def _unit_of_items(choice: dict[str, Any]) -> str | None:
    return _unit(choice["items"]) if isinstance(choice.get("items"), dict) else None


def _kind(prop: dict[str, Any], defs: dict[str, Any]) -> str:
    """Kind of value that a setting takes, in a word or two."""
    if "x-unit" in prop:
        return str(prop["x-unit"]).partition(":")[0].partition(", relative")[0].removeprefix("a ")
    if "$ref" in prop:
        return _kind(defs.get(prop["$ref"].rpartition("/")[2], {}), defs)
    if "anyOf" in prop:
        return " or ".join(dict.fromkeys(_kind(choice, defs) for choice in _choices(prop)))
    if "enum" in prop or "const" in prop:
        return " | ".join(map(str, prop.get("enum", [prop.get("const")])))
    if prop.get("type") == "array":
        return _plural(_kind(prop.get("items", {}), defs))
    if prop.get("x-stage"):
        return "stage"
    if prop.get("type") == "object" and prop.get("properties"):
        return "{" + ", ".join(prop["properties"]) + "}"
    return _TYPES.get(str(prop.get("type")), "value")


def _plural(kind: str) -> str:
    if kind.startswith("list of "):
        return f"list of lists of {kind.removeprefix('list of ')}"
    return f"list of {kind}" + ("" if kind.endswith(("s", "}")) else "s")


def _yaml(examples: list[dict[str, Any]]) -> str:
    from ..config.yaml_text import to_yaml

    return to_yaml({"stages": examples}).partition("stages:\n")[2].rstrip()
