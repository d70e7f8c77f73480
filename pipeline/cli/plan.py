"""``faltung plan``: what would happen, stage by stage, without doing it."""

from __future__ import annotations

from .options import Channels, ConfigFile, Inputs, Json, Output, Rate, Settings

__all__ = ["plan"]


def plan(
    config: ConfigFile,
    inputs: Inputs = None,
    output: Output = None,
    settings: Settings = None,
    fs: Rate = None,
    channels: Channels = None,
    as_json: Json = False,
) -> None:
    """Say what would happen, stage by stage; run nothing."""
    from ..config.load import load_config
    from .plan_report import plans_for, show_plans, write_plans
    from .running import end_with
    from .terminal import tell

    loaded = load_config(config, settings or ())
    for warning in loaded.warnings:
        tell(f"warning: {warning}")
    plans, predicted, failed = plans_for(loaded, inputs or (), output, fs, channels)
    (write_plans if as_json else show_plans)(plans, predicted)
    end_with(failed)
