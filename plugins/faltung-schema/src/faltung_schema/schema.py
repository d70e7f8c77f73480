"""The JSON Schema of a configuration, draft 7, for editors: every stage installed, with units and defaults.

Which settings a stage has is said by one ``if`` (its ``use:``) ``then`` (its settings) for each, not by ``oneOf``: so
an editor completes the settings of the stage that is named and complains of the one that is wrong instead of all
branches, and a name of ``define:``, which no branch knows, passes.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from pipeline.config.model import Configuration
from pipeline.errors import PluginError, UsageError
from pipeline.io.names import refuse_taken
from pipeline.io.sink import write_bytes
from pipeline.stages.base import Stage
from pipeline.stages.base.registry import available_stages, stage_class

_Schema = dict[str, Any]


def schema_text() -> str:
    """`json_schema` as text, the same for the same stages installed, ending in a line break."""
    return json.dumps(json_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write_schema(path: Path, *, overwrite: bool) -> None:
    """Write `schema_text` to a file; raises `UsageError` where another kind of file stands there."""
    refuse_taken(path, overwrite=overwrite)
    if path.exists() and b'"$schema"' not in path.read_bytes():
        raise UsageError(f"{path}: is no JSON Schema, which alone is replaced by one; give another name")
    write_bytes(path, schema_text().encode(), overwrite=overwrite)


def json_schema() -> _Schema:
    """The schema of a configuration file, with a definition for each stage installed, under the stage's name.

    A plugin that cannot be imported is listed by name only.
    """
    names = [source.name for source in available_stages()]
    definitions: _Schema = {}
    whole: _Schema = {}
    partial: _Schema = {}
    for name in names:
        try:
            cls = stage_class(name)
        except PluginError:
            continue
        definitions.update(_stage_definitions(name, cls))
        settings = definitions[name]["properties"]
        reference = _reference(name)
        whole[name] = {"$ref": reference}
        partial[name] = {
            "properties": {setting: {"$ref": f"{reference}/properties/{setting}"} for setting in settings},
            "additionalProperties": False,
        }
    root = _model_schema(Configuration, "", definitions)
    root["properties"]["define"] = {
        "description": "Names for stages used more than once: `use: NAME`, and beside it the settings that differ.",
        "type": "object",
        "additionalProperties": _dispatch(names, partial),
    }
    definitions["stage"] = _dispatch(names, whole)
    return {
        **root,
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A configuration of faltung",
        "patternProperties": {"^x-": {"description": "A place for anchors."}},
        "definitions": definitions,
    }


def _dispatch(names: list[str], settings: _Schema) -> _Schema:
    """A mapping with ``use:``, whose other settings depend on what is used."""
    return {
        "type": "object",
        "required": ["use"],
        "properties": {
            "use": {
                "description": "The name of a stage, or one of `define:`.",
                "anyOf": [{"enum": names}, {"type": "string"}],
            }
        },
        "allOf": [
            {"if": {"properties": {"use": {"const": name}}, "required": ["use"]}, "then": settings[name]}
            for name in names
            if name in settings
        ],
    }


def _stage_definitions(name: str, cls: type[Stage]) -> _Schema:
    definitions: _Schema = {}
    schema = _model_schema(cls, f"{name}.", definitions)
    schema["title"] = name
    schema["properties"] = {"use": {"const": name, "description": schema["description"]}, **schema["properties"]}
    schema["required"] = ["use", *schema.get("required", [])]
    examples = cls.examples
    if examples:
        schema["examples"] = [{"use": name, **example} for example in examples]
    return {**definitions, name: schema}


def _model_schema(model: type[BaseModel], prefix: str, definitions: _Schema) -> _Schema:
    """The schema of one model in draft 7; what it refers to is put into ``definitions``, under a prefix."""
    raw = model.model_json_schema()
    for name, inner in raw.pop("$defs", {}).items():
        definitions[prefix + name] = _draft7(inner, prefix)
    schema: _Schema = _draft7(raw, prefix)
    return schema


def _draft7(schema: Any, prefix: str) -> Any:
    """A schema, or a list of them, as draft 7 writes it."""
    if isinstance(schema, list):
        return [_draft7(item, prefix) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-stage"):
        return {"$ref": _reference("stage")}
    out: _Schema = {key: _keyword(key, value, prefix) for key, value in schema.items() if key != "title"}
    if "prefixItems" in out:
        out["items"], out["additionalItems"] = out.pop("prefixItems"), False
    if "description" in out:
        out["description"] = _described(out)
    if "$ref" in out and len(out) > 1:
        out["allOf"] = [{"$ref": out.pop("$ref")}]  # draft 7 looks at nothing beside a $ref
    return out


def _keyword(key: str, value: Any, prefix: str) -> Any:
    if key in ("default", "examples", "enum", "const"):
        return value
    if key == "properties":
        return {name: _draft7(item, prefix) for name, item in value.items()}
    if key == "$ref":
        return _reference(prefix + value.removeprefix("#/$defs/"))
    return _draft7(value, prefix)


def _described(schema: _Schema) -> str:
    """The description as one paragraph each, with the unit at its end."""
    text = re.sub(r"(?<!\n)\n(?!\n)", " ", schema["description"]).replace("``", "`")
    unit = next((part["x-unit"] for part in [schema, *schema.get("anyOf", [])] if "x-unit" in part), None)
    return f"{text}\n\nUnit: {unit}." if unit else text


def _reference(name: str) -> str:
    return "#/definitions/" + name.replace("~", "~0").replace("/", "~1")
