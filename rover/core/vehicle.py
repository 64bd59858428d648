"""The rover as figures: one frozen record, every figure with its source.

A vehicle file gives each figure as `key = { value = ..., source = "..." }`. The record below is what the rover
and the world both start from (facts); what they make of it is their own.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
TiltDeg = Annotated[float, Field(gt=0, lt=90, allow_inf_nan=False)]

Pair = Annotated[tuple[float, float], Field(strict=False)]
Curve = Annotated[tuple[Pair, ...], Field(strict=False, min_length=1, max_length=16)]


class VehicleParams(BaseModel):
    """Figures of a rover. Files are in degrees and Wh; the properties give SI.

    The footprint is a rectangle, `length_m` along the body's x and `width_m` along y, centred on the body.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    # Body and wheels
    mass_kg: Positive
    length_m: Positive
    width_m: Positive
    wheelbase_m: Positive = Field(description="front to rear axle")
    track_m: Positive = Field(description="left to right wheel centres")
    wheel_radius_m: Positive
    wheel_width_m: Positive
    belly_clearance_m: Positive = Field(description="under the belly, on level ground")

    # Suspension: on each side a rocker from the front wheel to the pivot of a bogie, which carries the other two
    middle_axle_back_m: Positive = Field(description="front to middle axle")
    rocker_pivot_back_m: Positive = Field(description="front axle to the pivot of the rockers on the body")
    rocker_pivot_up_m: Positive = Field(description="of that pivot above level ground")
    bogie_pivot_back_m: Positive = Field(description="front axle to the pivot of the bogie on its rocker")
    bogie_pivot_up_m: Positive = Field(description="of that pivot above level ground")
    rocker_limit_deg: TiltDeg = Field(description="a rocker may turn either way against the body")
    bogie_limit_deg: TiltDeg = Field(description="a bogie may turn either way against its rocker")

    # Limits of mobility
    slope_limit_deg: TiltDeg = Field(description="steepest climb or descent")
    roll_limit_deg: TiltDeg = Field(description="steepest cross-slope")
    step_limit_m: Positive = Field(description="highest step a wheel climbs")
    roughness_limit_m: Positive = Field(description="largest deviation from the plane under the footprint")

    # Motion
    speed_m_s: Positive = Field(description="wheel speed on level ground")
    turn_rate_deg_s: Positive
    rolling_resistance: NotNegative = Field(description="of the weight, on level regolith")
    slip_at_slope_limit: Annotated[float, Field(ge=0, lt=1)] = Field(
        description="slip ratio expected when climbing at the slope limit"
    )
    drive_efficiency: Fraction

    # Power
    array_area_m2: Positive
    array_efficiency: Fraction
    array_gain_by_sun: Curve = Field(
        description="pairs of Sun elevation, deg, ascending, and the share given of what the efficiency says, for what "
        "the ground gives of heat and light"
    )
    array_gain_by_facing: Curve = Field(
        description="pairs of the Sun's height over the array's plane, deg, ascending, and the share that is left of "
        "grazing rays, times what the array's own heat makes of it; linear in the sine between"
    )
    array_lean_deg: Annotated[float, Field(ge=0, lt=90, allow_inf_nan=False)] = Field(
        description="of the array out of the deck, towards the left; 0 lies flat on it"
    )
    battery_wh: Positive
    charge_efficiency: Fraction
    discharge_efficiency: Fraction
    drive_w: NotNegative = Field(description="avionics while driving, motors apart")
    command_w: NotNegative = Field(description="during a command cycle: cameras, radio, computer")
    charge_w: NotNegative = Field(description="awake and waiting")
    nap_w: NotNegative = Field(description="during the noon nap")
    dormant_w: NotNegative = Field(description="asleep through the night")
    safe_w: NotNegative = Field(description="in safe mode")
    wake_array_w: NotNegative = Field(description="array output at which the rover wakes")

    # Senses
    sensing_range_m: Annotated[float, Field(ge=1, le=20, allow_inf_nan=False)]
    height_noise_m: NotNegative = Field(description="standard deviation of one sensed height")
    tilt_noise_deg: NotNegative

    @model_validator(mode="after")
    def _fits_together(self) -> VehicleParams:
        self._require_ordered("wheelbase_m", "is longer than", "length_m", "shorten it")
        self._require_ordered("track_m", "is wider than", "width_m", "narrow it")
        self._require_ordered(
            "wheel_radius_m", "puts the axles above the belly, at", "belly_clearance_m", "make it smaller"
        )
        self._require_ordered("rocker_pivot_back_m", "lies behind", "bogie_pivot_back_m", "move it forward")
        self._require_ordered("middle_axle_back_m", "lies behind", "bogie_pivot_back_m", "move it forward")
        self._require_apart("middle_axle_back_m", self.middle_axle_back_m, "front and middle wheels")
        self._require_apart(
            "wheelbase_m", self.wheelbase_m - self.middle_axle_back_m, "middle and rear wheels"
        )
        if self.wheel_width_m > self.track_m:
            raise ValueError(
                f"wheel_width_m = {self.wheel_width_m} makes left and right wheels overlap, track_m = {self.track_m} "
                "apart; make them narrower"
            )
        self._require_ordered(
            "bogie_pivot_back_m", "lies behind the rear axle, at", "wheelbase_m", "move it forward"
        )
        return self

    @field_validator("array_gain_by_sun", "array_gain_by_facing")
    @classmethod
    def _is_curve(cls, pairs: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
        for deg, gain in pairs:
            if not (0 <= deg <= 90 and 0 < gain <= 2):
                raise ValueError(
                    f"the pair [{deg}, {gain}] is no height with a gain; give 0 to 90 and 0 to 2"
                )
        if any(later[0] <= deg for (deg, _), later in zip(pairs, pairs[1:], strict=False)):
            raise ValueError("heights do not ascend; sort the pairs")
        return pairs

    @field_validator("array_gain_by_facing")
    @classmethod
    def _rises(cls, pairs: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
        given = [math.sin(math.radians(deg)) * gain for deg, gain in pairs]
        if any(later < first for first, later in zip(given, given[1:], strict=False)):
            raise ValueError("an array that faces the Sun more gives less; raise the later gains")
        return pairs

    def _require_ordered(self, name: str, wrong: str, most: str, remedy: str) -> None:
        if getattr(self, name) > getattr(self, most):
            raise ValueError(
                f"{name} = {getattr(self, name)} {wrong} {most} = {getattr(self, most)}; {remedy}"
            )

    def _require_apart(self, name: str, apart_m: float, which: str) -> None:
        diameter = 2 * self.wheel_radius_m
        if apart_m < diameter - 1e-9:
            raise ValueError(
                f"{name} = {getattr(self, name)} makes {which} overlap: axles {apart_m:.3g} m apart, wheels of "
                f"{diameter:.3g} m; move the axles apart or make the wheels smaller"
            )

    @property
    def slope_limit_rad(self) -> float:
        return math.radians(self.slope_limit_deg)

    @property
    def roll_limit_rad(self) -> float:
        return math.radians(self.roll_limit_deg)

    @property
    def tilt_limit_rad(self) -> float:
        """The limit where the heading is not known: what either pitch or roll may not exceed."""
        return min(self.slope_limit_rad, self.roll_limit_rad)

    @property
    def rocker_limit_rad(self) -> float:
        return math.radians(self.rocker_limit_deg)

    @property
    def bogie_limit_rad(self) -> float:
        return math.radians(self.bogie_limit_deg)

    @property
    def array_lean_rad(self) -> float:
        return math.radians(self.array_lean_deg)

    @property
    def footprint_radius_m(self) -> float:
        """Radius of the circle round the footprint."""
        return math.hypot(self.length_m, self.width_m) / 2

    def load_w(self, mode: str) -> float:
        """Return the load in a mode, motors apart: the figure `<mode>_w`.

        Idle it is as while it waits, and planning takes what the avionics take while driving.
        """
        return float(getattr(self, _load_name(mode)))

    @property
    def battery_j(self) -> float:
        return self.battery_wh * 3600.0


@cache
def _load_name(mode: str) -> str:
    return f"{_SAME_LOAD.get(mode, mode)}_w"


_SAME_LOAD = {"idle": "charge", "plan": "drive"}
