"""``faltung bake``: the whole chain as one impulse response, for any other convolver."""

from __future__ import annotations

from .options import Baked, Channels, ConfigFile, Json, Overwrite, Quiet, Rate, Settings, Subtype

__all__ = ["bake"]


def bake(
    config: ConfigFile,
    output: Baked,
    settings: Settings = None,
    fs: Rate = None,
    channels: Channels = None,
    subtype: Subtype = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write all stages as one impulse response.

    Rate and channels are those of the configuration's first input, unless --fs is given. WAV is written as DOUBLE, so
    that nothing is lost, unless --subtype is given.
    """
    from ..config.load import load_config
    from .baking import chain_kernel, show_baked, write_kernel
    from .running import check_streams

    check_streams((), output, as_json=as_json)
    kernel = chain_kernel(load_config(config, settings or ()), fs, channels)
    baked = write_kernel(kernel, output, subtype, overwrite=overwrite)
    show_baked(baked, as_json=as_json, quiet=quiet)
