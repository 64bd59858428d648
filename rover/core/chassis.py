"""The chassis as figures: what wheels, suspension and steering are like beyond what `VehicleParams` tells of them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from rover.core.vehicle import NotNegative, Positive


class ChassisParams(BaseModel):
    """Figures of the table `[chassis]` of a vehicle file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    mass_centre_up_m: Positive = Field(description="centre of mass above level ground")
    mass_centre_forward_m: Annotated[float, Field(allow_inf_nan=False)] = Field(
        description="of the middle between front and rear axle"
    )
    lug_height_m: NotNegative = Field(description="of the lugs, beyond the wheel's radius")
    dead_torque_n_m: NotNegative = Field(description="that turns a wheel whose motor has no power")
    steer_limit_deg: Annotated[float, Field(gt=0, le=90, allow_inf_nan=False)] = Field(
        description="a corner wheel may be steered either way"
    )
