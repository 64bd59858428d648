"""The table of a scenario that says how the rover is operated: what a stop for commands costs, what the Sun allows."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from rover.limits.command_cycle import CommandCycle
from sim.run.scenario_limits import Positive, Table

_HOUR_S = 3600.0

LONGEST_CYCLE_H = 240.0

SunDeg = Annotated[float, Field(strict=True, ge=0, le=90, allow_inf_nan=False)]
Hours = Annotated[float, Field(strict=True, ge=0, le=LONGEST_CYCLE_H, allow_inf_nan=False)]
Rate = Annotated[float, Field(strict=True, ge=1e-3, le=1e9, allow_inf_nan=False)]


class OperationsTable(Table):
    """How the rover is operated."""

    mode: Literal["teleoperated", "autonomous"] = "teleoperated"
    stop_every_m: Positive = Field(default=7.0, description="longest drive on one set of commands")
    goal_tolerance_m: Annotated[float, Field(strict=True, ge=0, le=50, allow_inf_nan=False)] = Field(
        default=0.0,
        description="so near is as good where what the rover sees on its way closes the goal itself: it arrives at "
        "the nearest open place; 0 stops it safe instead",
    )
    command_cycle_h: (
        Annotated[float, Field(strict=True, gt=0, le=LONGEST_CYCLE_H, allow_inf_nan=False)] | None
    ) = Field(
        default=None,
        description="what each stop costs when teleoperated; if left out, what the next eight come to",
    )
    data_mbit_per_stop: Annotated[float, Field(strict=True, ge=0, le=1e6, allow_inf_nan=False)] = Field(
        default=134.4, description="sent down: a ring of 8 Navcam pairs, each 2 x 1024 x 1024 pixels of 8 bit"
    )
    downlink_kbit_s: Rate = Field(default=140.0, description="from the rover: 0.7, 140 or 285 (Zhang 2021)")
    uplink_bits: Annotated[float, Field(strict=True, ge=0, le=1e9, allow_inf_nan=False)] = Field(
        default=8192.0, description="a block of commands; assumed, 1 KiB"
    )
    uplink_bit_s: Rate = Field(default=125.0, description="to the rover (Zhang 2021)")
    light_time_s: Annotated[float, Field(strict=True, ge=0, le=60, allow_inf_nan=False)] = Field(
        default=1.7, description="one way through the relay: 1.50 to 1.87 over its halo"
    )
    ground_planning_h: Hours = Field(
        default=2.75, description="work on the ground for a drive: map, place, path, verification; assumed"
    )
    science_h_per_stop: Hours = Field(default=0.0, description="measurements of a stop and work for them")
    ground_shift_h: Annotated[float, Field(strict=True, ge=1, le=24, allow_inf_nan=False)] = Field(
        default=24.0, description="of each day, in which the ground works"
    )
    min_drive_sun_elevation_deg: SunDeg = 10.0
    nap_enter_sun_elevation_deg: SunDeg = Field(
        default=42.0, description="rising through it begins the noon nap"
    )
    nap_exit_sun_elevation_deg: SunDeg = Field(default=30.0, description="falling through it ends the nap")
    dormant_sun_elevation_deg: SunDeg = Field(default=8.7, description="falling through it begins dormancy")
    max_lunar_days: Annotated[float, Field(strict=True, gt=0, le=60, allow_inf_nan=False)] = Field(
        default=6.0, description="latest arrival, in mean lunar days after the start"
    )

    @model_validator(mode="after")
    def _ordered(self) -> OperationsTable:
        if not self.dormant_sun_elevation_deg <= self.min_drive_sun_elevation_deg:
            raise ValueError("dormant_sun_elevation_deg is above min_drive_sun_elevation_deg; lower it")
        for key in ("nap_enter_sun_elevation_deg", "nap_exit_sun_elevation_deg"):
            if not getattr(self, key) > self.min_drive_sun_elevation_deg:
                raise ValueError(f"{key} is not above min_drive_sun_elevation_deg; raise it")
        return self

    @model_validator(mode="after")
    def _cycle_of_days_at_most(self) -> OperationsTable:
        hours = self.cycle_s / _HOUR_S
        if not hours <= LONGEST_CYCLE_H:
            raise PydanticCustomError(
                "cycle",
                "a stop would cost {hours} h, more than {most}; send less data or faster, or work less on the ground",
                {
                    "field": "operations.data_mbit_per_stop",
                    "value": self.data_mbit_per_stop,
                    "hours": f"{hours:.1f}",
                    "most": f"{LONGEST_CYCLE_H:g}",
                },
            )
        return self

    @property
    def cycle(self) -> CommandCycle:
        """What a stop is made of, whatever `command_cycle_h` says."""
        return CommandCycle(
            data_bit=self.data_mbit_per_stop * 1e6,
            downlink_bit_s=self.downlink_kbit_s * 1e3,
            uplink_bit=self.uplink_bits,
            uplink_bit_s=self.uplink_bit_s,
            light_time_s=self.light_time_s,
            planning_s=self.ground_planning_h * _HOUR_S,
            science_s=self.science_h_per_stop * _HOUR_S,
            shift_s=self.ground_shift_h * _HOUR_S,
        )

    @property
    def cycle_s(self) -> float:
        """What a stop costs when teleoperated."""
        return self.cycle.total_s if self.command_cycle_h is None else self.command_cycle_h * _HOUR_S
