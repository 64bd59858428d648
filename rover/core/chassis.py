"""The chassis as figures: what wheels, suspension and steering are like beyond what `VehicleParams` tells of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from rover.core.errors import Problem
from rover.core.vehicle import NotNegative, Positive, VehicleParams


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


def misfits(chassis: ChassisParams, vehicle: VehicleParams, *, file: str) -> Iterator[Problem]:
    """Yield what of a chassis does not go with the vehicle that stands on it."""
    apart_m = min(vehicle.middle_axle_back_m, vehicle.wheelbase_m - vehicle.middle_axle_back_m)
    with_lugs_m = 2 * (vehicle.wheel_radius_m + chassis.lug_height_m)
    if apart_m < with_lugs_m - 1e-9:
        yield Problem(
            what=f"makes wheels overlap: axles {apart_m:.3g} m apart, wheels of {with_lugs_m:.3g} m with their lugs",
            remedy="make the lugs lower or move the axles apart",
            file=file,
            field="chassis.lug_height_m",
            value=chassis.lug_height_m,
        )
    half_m = vehicle.wheelbase_m / 2
    if not abs(chassis.mass_centre_forward_m) < half_m:
        yield Problem(
            what=f"beyond the axle {half_m:.3g} m from the middle: it tips over on level ground",
            remedy="give less",
            file=file,
            field="chassis.mass_centre_forward_m",
            value=chassis.mass_centre_forward_m,
        )
