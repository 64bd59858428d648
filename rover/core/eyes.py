"""The rover's senses as figures: cameras, wheel odometry, inertial unit, Sun sensor. The table `[eyes]` of a vehicle.

Places are in the body's frame: x forward, y left, z up from the plane of the wheels' contacts, under the middle of the
body. Angles of a camera are those of its mount at rest; a mast turns it from there.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from rover.core.vehicle import NotNegative, Positive


def _above_ground(height_m: float) -> float:
    if not height_m > 0:
        raise ValueError("the camera is below ground; give its height above the wheels' contacts")
    return height_m


Pixels = Annotated[int, Field(ge=1, le=16384)]
Metres = Annotated[float, Field(ge=-10, le=10, allow_inf_nan=False)]
Above = Annotated[float, Field(le=10, allow_inf_nan=False), AfterValidator(_above_ground)]
TurnDeg = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
PitchDeg = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]


class _Figures(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class CameraParams(_Figures):
    """A camera, or a pair of equal ones side by side. Pixels are square; row 0 is the uppermost.

    The pair's left eye stands half of `baseline_m` to the left of the place given, the right one to the right; a
    camera without a pair has a baseline of 0.
    """

    projection: Literal["pinhole", "fisheye"] = Field(
        description="pinhole: rectilinear, as pictures are after rectification; fisheye: equidistant"
    )
    rows: Pixels
    cols: Pixels
    fov_deg: Annotated[float, Field(gt=0, le=360, allow_inf_nan=False)] = Field(
        description="across the columns"
    )
    centre_row: float | None = Field(default=None, description="of the optical axis; the middle if left out")
    centre_col: float | None = None
    forward_m: Metres
    left_m: Metres
    up_m: Above
    yaw_deg: TurnDeg = Field(description="to the left")
    pitch_deg: PitchDeg = Field(description="upwards")
    roll_deg: TurnDeg = Field(description="left side up")
    baseline_m: NotNegative
    colour: bool
    bits: Literal[8, 10, 12]
    full_well_e: Positive = Field(description="electrons at which a pixel is full")
    read_noise_e: NotNegative
    white_exposure_s: Positive = Field(
        description="exposure that fills a pixel on a white surface that faces the Sun at 1 au"
    )
    shortest_exposure_s: Positive
    longest_exposure_s: Positive

    @model_validator(mode="after")
    def _fits_together(self) -> CameraParams:
        if self.projection == "pinhole" and not self.fov_deg < 170:
            raise ValueError(
                f"fov_deg = {self.fov_deg} is too wide for a pinhole; take fisheye, or less than 170"
            )
        if self.shortest_exposure_s > self.longest_exposure_s:
            raise ValueError(
                f"shortest_exposure_s = {self.shortest_exposure_s} is longer than longest_exposure_s = "
                f"{self.longest_exposure_s}; shorten it"
            )
        return self

    @property
    def fov_rad(self) -> float:
        return math.radians(self.fov_deg)


class MatchingParams(_Figures):
    """How well the disparity of two pictures is found."""

    window_px: Annotated[int, Field(ge=3, le=51)] = Field(description="side of the patches that are compared")
    noise_px: Positive = Field(description="standard deviation of the disparity on the best ground")
    limit_px: Positive = Field(
        description="a pixel whose disparity the pictures' noise alone would move by more is left out"
    )
    least_px: Positive = Field(description="disparity below which nothing is told: the greatest range")

    @model_validator(mode="after")
    def _odd(self) -> MatchingParams:
        if self.window_px % 2 == 0:
            raise ValueError(f"window_px = {self.window_px} has no middle; make it odd")
        return self


class OdometryParams(_Figures):
    """Wheel odometry: what the wheels turned, not what the rover moved."""

    scale_error: NotNegative = Field(description="standard deviation of the wheels' radius, as a share")
    noise_m_per_sqrt_m: NotNegative = Field(description="grows with the square root of the way")
    turn_error: NotNegative = Field(description="standard deviation of the share by which turns are misread")
    turn_noise_deg_per_sqrt_deg: NotNegative


class ImuParams(_Figures):
    """Gyroscopes and accelerometers on three axes each."""

    gyro_bias_deg_h: NotNegative = Field(description="standard deviation when switched on")
    gyro_walk_deg_h_per_sqrt_h: NotNegative = Field(description="random walk of the bias")
    gyro_noise_deg_per_sqrt_h: NotNegative = Field(description="angular random walk")
    accelerometer_bias_m_s2: NotNegative = Field(description="standard deviation when switched on")
    accelerometer_walk_m_s2_per_sqrt_h: NotNegative = Field(description="random walk of the bias")
    accelerometer_noise_m_s2: NotNegative = Field(description="of one reading at rest")


class SunSensorParams(_Figures):
    """A sensor of the direction to the Sun, looking up from the deck."""

    noise_deg: NotNegative = Field(description="standard deviation along each of two axes")
    half_view_deg: Annotated[float, Field(gt=0, le=90, allow_inf_nan=False)] = Field(
        description="greatest angle from the deck's upward normal at which the Sun is seen"
    )
    least_lit: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = Field(
        description="share of the Sun's disc that it takes"
    )


class EyesParams(_Figures):
    """All senses of a vehicle."""

    navcam: CameraParams = Field(description="stereo pair on the mast")
    hazcam: CameraParams = Field(description="stereo pair at the front")
    pcam: CameraParams = Field(description="panoramic stereo pair on the mast")
    matching: MatchingParams
    odometry: OdometryParams
    imu: ImuParams
    sun_sensor: SunSensorParams

    @model_validator(mode="after")
    def _pairs(self) -> EyesParams:
        for name in ("navcam", "hazcam"):
            camera: CameraParams = getattr(self, name)
            if not camera.baseline_m > 0:
                raise ValueError(
                    f"{name}.baseline_m = 0.0 makes no stereo pair; give the distance of its eyes"
                )
            if camera.projection != "pinhole":
                raise ValueError(
                    f"{name}.projection = {camera.projection}: pairs are matched after rectification; "
                    "give the pinhole that they are rectified to"
                )
        return self
