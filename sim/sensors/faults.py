"""What can be wrong with the senses. Neutral by default; passed in at each look."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SenseFaults:
    """Faults of the senses while they last.

    Attributes:
        cameras_failed: Names of stereo pairs that give nothing, such as `navcam`.
        stereo_lost: Share of the pixels that matching leaves without depth, beside what it loses anyway.
        gyro_bias_rad_s: (3,) rates added to the gyroscopes' about forward, left and up.
        accelerometer_bias_m_s2: (3,) added to the accelerometers'.
        odometry_off: The wheels' encoders give nothing.
        sun_sensor_off: The Sun sensor gives nothing.
    """

    cameras_failed: frozenset[str] = frozenset()
    stereo_lost: float = 0.0
    gyro_bias_rad_s: tuple[float, float, float] = (0.0, 0.0, 0.0)
    accelerometer_bias_m_s2: tuple[float, float, float] = (0.0, 0.0, 0.0)
    odometry_off: bool = False
    sun_sensor_off: bool = False

    def __post_init__(self) -> None:
        if not 0.0 <= self.stereo_lost <= 1.0:
            raise ValueError(f"stereo_lost = {self.stereo_lost}: a share is 0 to 1")


NO_FAULTS = SenseFaults()
