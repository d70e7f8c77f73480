"""Writes a configuration as YAML text that `yaml_text` reads back to the same data.

Block style, ``version:`` first, a text in quotes only where it would be read as something else without them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import yaml

from .model import Configuration
from .yaml_values import CoreResolver

__all__ = ["to_yaml"]


class _Dumper(yaml.SafeDumper):
    yaml_implicit_resolvers = CoreResolver.yaml_implicit_resolvers

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)  # list entries are set in under their key


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "'" if value == "<<" else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style)


def _float(dumper: yaml.SafeDumper, value: float) -> yaml.ScalarNode:
    text = repr(value).replace("inf", ".inf").replace("nan", ".nan")
    return dumper.represent_scalar("tag:yaml.org,2002:float", text)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(float, _float)
_Dumper.add_representer(tuple, yaml.SafeDumper.represent_list)
_Dumper.add_multi_representer(PurePath, lambda dumper, path: _text(dumper, str(path)))


def to_yaml(configuration: Configuration | Mapping[str, Any]) -> str:
    """The text of a configuration file: of plain data, or of settings, without what is left at its default.

    Settings hold numbers in their own units: a gain written ``-6 dB`` comes out as the factor it is.
    """
    if isinstance(configuration, Configuration):
        configuration = configuration.model_dump(mode="json", exclude_unset=True)
    ordered: dict[str, Any] = {"version": 1}
    ordered.update((key, configuration[key]) for key in ("version", "input", "output") if key in configuration)
    ordered.update((key, value) for key, value in configuration.items() if key not in ordered)
    return yaml.dump(ordered, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=float("inf"))
