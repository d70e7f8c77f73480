"""From YAML to frozen settings: what a configuration file says, with the line and column of everything in it."""

from .command_line import parse_words
from .load import LoadedConfig, load_config, parse_config, validate_config
from .model import Configuration, FormatSettings
from .yaml_text import to_yaml

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
