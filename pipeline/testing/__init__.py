"""The contract kits: what stages, detectors, readers and writers promise, tried on those shipped and those of others.

A check raises `AssertionError` with what was promised, what came, and what to do.
"""

from __future__ import annotations

from .detectors import check_detector
from .files import check_events_writer, check_reader, check_writer
from .stages import (
    CHECKS,
    check_stage,
    parametrize_with_checks,
)
from .stages import (
    check_bad_settings_are_named as check_bad_settings_are_named,
)
from .stages import (
    check_blocks_belong_to_the_caller as check_blocks_belong_to_the_caller,
)
from .stages import (
    check_causal_but_for_its_latency as check_causal_but_for_its_latency,
)
from .stages import (
    check_channels_are_independent as check_channels_are_independent,
)
from .stages import (
    check_chunks_do_not_matter as check_chunks_do_not_matter,
)
from .stages import (
    check_kernel_is_impulse_response as check_kernel_is_impulse_response,
)
from .stages import (
    check_linear as check_linear,
)
from .stages import (
    check_number_of_frames as check_number_of_frames,
)
from .stages import (
    check_opens_are_independent as check_opens_are_independent,
)
from .stages import (
    check_pickles as check_pickles,
)
from .stages import (
    check_precision_only_rounds as check_precision_only_rounds,
)
from .stages import (
    check_settings_survive_yaml as check_settings_survive_yaml,
)
from .stages import (
    check_time_invariant as check_time_invariant,
)

__all__ = [
    "CHECKS",
    "check_detector",
    "check_events_writer",
    "check_reader",
    "check_stage",
    "check_writer",
    "parametrize_with_checks",
]
