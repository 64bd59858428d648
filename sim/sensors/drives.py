"""What the drives of the wheels tell of themselves: speed by encoder, power by the current of each motor."""

from __future__ import annotations

from rover.core.boundary import DriveReading
from sim.physics.drivetrain import Drivetrain
from sim.physics.mobility import Motion
from sim.physics.steering import WheelCommands
from sim.physics.wheel_faults import MobilityFaults

IDLE_MOTOR_W = 0.3
"""Of a motor that is switched on and does no work: windings and electronics (assumption)."""


def read_drives(
    train: Drivetrain, commands: WheelCommands, motion: Motion, faults: MobilityFaults
) -> DriveReading:
    """Return what is read while a motion goes on; a motor without power takes none, whatever turns its wheel.

    Args:
        train, commands: The drivetrain, and what its wheels were told.
        motion: What came of it.
        faults: Of wheels.
    """
    per_n = 1.0 / (train.radius_m * train.efficiency)
    watts = tuple(
        0.0 if wheel in faults.dead else IDLE_MOTOR_W + max(0.0, torque * rim) * per_n
        for wheel, (torque, rim) in enumerate(zip(motion.torque_n_m, motion.rim_m_s, strict=True))
    )
    return DriveReading(told_m_s=tuple(commands.rim_m_s.tolist()), rim_m_s=motion.rim_m_s, motor_w=watts)
