"""A lander as figures: what it weighs, how it thrusts and turns, what it stands on, and what it sees by.

A lander file gives each figure as `key = { value = ..., source = "..." }`. The records below are what the lander's own
software and the world both start from (facts); what they make of them is their own. Body frame: z up along the thrust,
x in the plane of flight, y left, from the plane of the feet under the middle.
"""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rover.core.eyes import CameraParams, Pixels
from rover.core.vehicle import NotNegative, Positive, TiltDeg

STANDARD_GRAVITY_M_S2 = 9.80665
"""By which specific impulse is counted in seconds, exact (CGPM 1901)."""


class _Figures(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class LanderBodyParams(_Figures):
    """Masses, feet and what the feet bear."""

    dry_mass_kg: Positive = Field(description="landed, without propellant")
    ignition_mass_kg: Positive = Field(description="when the powered descent begins")
    feet_radius_m: Positive = Field(description="of the circle through the middles of the feet")
    foot_radius_m: Positive = Field(description="of a foot pad")
    clearance_m: Positive = Field(description="under the engine's nozzle, on level ground")
    slope_limit_deg: TiltDeg = Field(description="steepest ground under the footprint")
    step_limit_m: Positive = Field(description="highest step under the footprint")

    @model_validator(mode="after")
    def _carries_propellant(self) -> LanderBodyParams:
        if not self.ignition_mass_kg > self.dry_mass_kg:
            raise ValueError(
                f"ignition_mass_kg = {self.ignition_mass_kg} leaves no propellant over "
                f"dry_mass_kg = {self.dry_mass_kg}; raise it"
            )
        return self

    @property
    def footprint_radius_m(self) -> float:
        """Radius of the circle round the feet."""
        return self.feet_radius_m + self.foot_radius_m

    @property
    def length_m(self) -> float:
        """Side of the square about the footprint."""
        return 2.0 * self.footprint_radius_m

    @property
    def width_m(self) -> float:
        return self.length_m

    @property
    def slope_limit_rad(self) -> float:
        return math.radians(self.slope_limit_deg)


class EngineParams(_Figures):
    """One engine along the body's z axis, whose thrust varies."""

    least_thrust_n: Positive
    most_thrust_n: Positive
    specific_impulse_s: Positive
    lag_s: Positive = Field(description="time constant by which thrust follows the command")

    @model_validator(mode="after")
    def _ordered(self) -> EngineParams:
        if not self.least_thrust_n < self.most_thrust_n:
            raise ValueError(
                f"least_thrust_n = {self.least_thrust_n} is not below most_thrust_n = {self.most_thrust_n}; lower it"
            )
        return self

    @property
    def exhaust_m_s(self) -> float:
        """Speed of the exhaust that the specific impulse stands for."""
        return self.specific_impulse_s * STANDARD_GRAVITY_M_S2


class TurningParams(_Figures):
    """How the attitude jets turn the lander; what they burn is not counted."""

    rate_limit_deg_s: Positive
    acceleration_limit_deg_s2: Positive


class LanderNavigationParams(_Figures):
    """Errors of what the lander knows of its own place, standard deviations over flights."""

    position_m: NotNegative = Field(description="of the place at ignition, along each level axis")
    velocity_m_s: NotNegative = Field(
        description="of the velocity, constant through a flight, along each axis"
    )
    height_m: NotNegative = Field(description="of one height over the ground below")
    attitude_deg: NotNegative = Field(
        description="of the attitude that a scan is laid by, about each level axis"
    )
    height_share: NotNegative = Field(description="of that height, constant through a flight")


class ScannerParams(_Figures):
    """A scanner that measures ranges in a grid of directions about the downward axis, as a pinhole camera's pixels."""

    rows: Pixels
    cols: Pixels
    fov_deg: Annotated[float, Field(gt=0, lt=90, allow_inf_nan=False)]
    noise_m: NotNegative = Field(description="standard deviation of one range")
    frames: Annotated[int, Field(ge=1, le=100)] = Field(description="scans that are averaged while hovering")

    @property
    def fov_rad(self) -> float:
        return math.radians(self.fov_deg)


class DescentParams(_Figures):
    """The flight plan's fixed points: heights over the ground, speeds downwards, and what guidance may ask for."""

    perilune_m: Positive = Field(description="height over the landing site at ignition")
    apolune_m: Positive = Field(description="height over the sphere on the other side of the orbit")
    approach_azimuth_deg: Annotated[float, Field(ge=0, lt=360, allow_inf_nan=False)]
    braking_end_m: Positive
    braking_end_level_m_s: NotNegative
    braking_end_down_m_s: Positive
    upright_m: Positive = Field(description="height at which the lander is to stand upright over the site")
    upright_down_m_s: Positive
    look_m: Positive = Field(description="height of the coarse look for hazards")
    look_down_m_s: Positive
    hover_m: Positive
    hover_s: Positive = Field(description="time for the scan")
    divert_end_m: Positive = Field(description="height at which the lander is over the chosen place")
    final_down_m_s: Positive
    engine_off_m: Positive
    tilt_limit_deg: TiltDeg = Field(description="of the thrust from the vertical, once upright")
    thrust_share: Annotated[float, Field(gt=0, le=1)] = Field(
        description="of the greatest thrust, the most that is planned"
    )

    @model_validator(mode="after")
    def _downwards(self) -> DescentParams:
        names = (
            "perilune_m",
            "braking_end_m",
            "upright_m",
            "look_m",
            "hover_m",
            "divert_end_m",
            "engine_off_m",
        )
        for higher, lower in zip(names, names[1:], strict=False):
            if not getattr(self, higher) > getattr(self, lower):
                raise ValueError(
                    f"{lower} = {getattr(self, lower)} is not below {higher} = {getattr(self, higher)}; lower it"
                )
        return self

    @property
    def tilt_limit_rad(self) -> float:
        return math.radians(self.tilt_limit_deg)


class LanderParams(_Figures):
    """All figures of a lander."""

    body: LanderBodyParams
    engine: EngineParams
    turning: TurningParams
    navigation: LanderNavigationParams
    descent: DescentParams
    lcam: CameraParams = Field(
        description="descent camera; its mount's angles are against the body's down axis"
    )
    scanner: ScannerParams
    tcam: CameraParams = Field(description="terrain camera on the lander's mast")
