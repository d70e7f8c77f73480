"""From YAML to frozen settings: what a configuration file says, with the line and column of everything in it."""

from .load import LoadedConfig, load_config, parse_config, validate_config
from .model import Configuration, FormatSettings
from .words import parse_words
from .yaml_write import to_yaml

__all__ = [
    "Configuration",
    "FormatSettings",
    "LoadedConfig",
    "load_config",
    "parse_config",
    "parse_words",
    "to_yaml",
    "validate_config",
]
