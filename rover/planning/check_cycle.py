"""What a stop for commands takes by a scenario's own figures, worked out anew for the checker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def least_cycle_s(operations: Mapping[str, Any]) -> float:
    """Return what each stop costs at the least, s; 0 when autonomous.

    Args:
        operations: A scenario's table, every key of it.
    """
    if operations["mode"] != "teleoperated":
        return 0.0
    stated_h = operations["command_cycle_h"]
    if stated_h is not None:
        return float(stated_h) * 3600.0
    on_the_way_s = 2.0 * operations["light_time_s"]
    on_the_way_s += operations["uplink_bits"] / operations["uplink_bit_s"]
    on_the_way_s += 1000.0 * operations["data_mbit_per_stop"] / operations["downlink_kbit_s"]
    shifts = (operations["ground_planning_h"] + operations["science_h_per_stop"]) / operations[
        "ground_shift_h"
    ]
    return float(on_the_way_s + 86_400.0 * shifts)
