"""Lay stereo looks from known poses upon one another, and hold what they tell against the truth and their covariance.

    python benchmarks/bench_looks.py [--grounds 101,102] [--away 22] [--towards 4] [--beside 4] [--turns 16]

Grounds are those of `bench_localization.py` by seed, on 0, 3, 7 or 10 deg (seed modulo 4), the Sun 23 deg high; a
hundred and more are none that it drives over. Pairs of looks lie 1 m apart, one in four 0.5 m, driven within 30 deg of
away from the Sun, towards it or across; turns in place are by 0.4 to 0.8 rad to either side and back.

A line per kind: how many pairs told something; error along the way (of turns: forwards and up, as the first look sees
it), its mean and spread, and what they say of it, mm; the squared error over its covariance by dimension, 1 if it is
right. Below them, pairs are laid from where the rover would be had it slipped by a share of the way: of what comes out
right (within 60 mm) and beside (by 150 mm or more), what light and heights leave (quantiles), and how much of either
passes the bounds by which slip is believed.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from bench_localization import scenario

from rover.onboard.look_update import (
    ALIKE_ANYWHERE,
    ALIKE_PER_M,
    ALIKE_STILL,
    TRIED,
    UNEVEN_ANYWHERE,
    WIDE_SLIP,
)
from rover.onboard.looks import Look, look_of
from rover.onboard.registration import Registration, register
from rover.onboard.rotations import rotation_from_angles, rotation_of
from sim.moon.ground import Ground
from sim.run.scenario_ground import world_ground
from sim.run.setting import prepare
from sim.sensors.camera import Sunlight
from sim.sensors.eyesight import Eyesight
from sim.sensors.mount import BodyPose

Floats = npt.NDArray[np.float64]

AFTER_S = 3600.0
HALF_BASE_M, HALF_TRACK_M = 0.5, 0.45
RIGHT_M, BESIDE_M = 0.06, 0.15


@dataclass(frozen=True, slots=True)
class Seen:
    """A look, and the (3,) place and (3, 3) rotation from which it was taken."""

    look: Look
    place_m: Floats
    rotation: Floats


def standing(ground: Ground, east_m: float, north_m: float, yaw_rad: float) -> BodyPose:
    """Return the pose on the plane through four wheels."""
    cos, sin = math.cos(yaw_rad), math.sin(yaw_rad)
    ahead = HALF_BASE_M * np.array([1, 1, -1, -1])
    left = HALF_TRACK_M * np.array([1, -1, 1, -1])
    height = np.asarray(
        ground.heights(east_m + cos * ahead - sin * left, north_m + sin * ahead + cos * left), np.float64
    )
    return BodyPose(
        east_m=east_m,
        north_m=north_m,
        up_m=float(height.mean()),
        yaw_rad=yaw_rad,
        pitch_rad=math.atan(float(height @ ahead) / float(ahead @ ahead)),
        roll_rad=math.atan(float(height @ left) / float(left @ left)),
    )


def pairs(seed: int, counts: dict[str, int]) -> Iterator[tuple[str, Seen, Seen]]:
    """Yield pairs of looks, and what kind they are."""
    with tempfile.TemporaryDirectory() as folder:
        table = scenario(seed, 100.0, "path", Path(folder))
        setting = prepare(table, timed=False, allow_body=False, max_cells=10**9)
        ground = world_ground(setting.scenario, setting.truth)
    assert setting.eyes is not None and setting.optics is not None
    eyes, rng = setting.eyes, np.random.default_rng(seed)
    sight = Eyesight(ground, setting.truth, eyes, setting.optics, generator=np.random.default_rng([seed, 1]))
    sun = setting.almanac.sun_at(AFTER_S)
    light = Sunlight(azimuth_rad=sun.azimuth_rad, elevation_rad=sun.elevation_rad, distance_m=sun.distance_m)
    to_sun = math.pi / 2 - sun.azimuth_rad

    def seen(east_m: float, north_m: float, yaw_rad: float) -> Seen:
        pose = standing(ground, east_m, north_m, yaw_rad)
        rotation = rotation_from_angles(pose.yaw_rad, pose.pitch_rad, pose.roll_rad)
        look = look_of(sight.look(pose, light), rotation, eyes.matching.window_px)
        return Seen(look, pose.place_m, rotation)

    goal = np.array(setting.scenario.goal_m)
    for kind, count in counts.items():
        for _ in range(count):
            east, north = (goal * rng.uniform(0.05, 0.95) + rng.uniform(-8.0, 8.0, 2)).tolist()
            if kind == "turns":
                yaw = float(rng.uniform(-math.pi, math.pi))
                turns = 0.0, float(rng.uniform(0.4, 0.8)), 0.0, -float(rng.uniform(0.4, 0.8))
                looks = [seen(east, north, yaw + turn) for turn in turns]
            else:
                aside = {"away": math.pi, "towards": 0.0, "beside": float(rng.choice([-1, 1])) * math.pi / 2}[
                    kind
                ]
                yaw, way = to_sun + aside + float(rng.uniform(-0.5, 0.5)), 0.5 if rng.random() < 0.25 else 1.0
                there = east + way * math.cos(yaw), north + way * math.sin(yaw)
                looks = [seen(east, north, yaw), seen(*there, yaw + float(rng.normal(0.0, 0.04)))]
            for old, new in zip(looks[:-1], looks[1:], strict=True):
                yield kind, old, new


def prior_of(kind: str, moved: Floats) -> Floats:
    """Return the (6, 6) covariance of what wheels and gyroscopes leave of a motion."""
    turn = np.diag([1.2e-3**2, 1.2e-3**2, 1e-3**2])
    way = float(np.linalg.norm(moved))
    place = (
        0.006**2 * np.eye(3)
        if kind == "turns"
        else (0.05 * way) ** 2 * np.eye(3) + 0.03**2 * np.outer(moved, moved)
    )
    return np.block([[place, np.zeros((3, 3))], [np.zeros((3, 3)), turn]])


def laid(
    old: Seen, new: Seen, error: Floats, prior: Floats, start: Floats | None = None
) -> Registration | None:
    """Lay a look on another from a prediction that is out by (6,)."""
    return register(
        old.look,
        new.look,
        reference=(old.place_m, old.rotation),
        predicted=(new.place_m - error[:3], rotation_of(-error[3:]) @ new.rotation),
        prior=prior,
        start=start,
    )


def told(found: Registration, error: Floats, axes: Floats) -> tuple[Floats, Floats, float]:
    """Return (k,) errors along (k, 3) axes, what is said of them, and the squared error by dimension."""
    out = found.moved - found.directions @ error
    spread = found.directions.T @ np.diag(found.variance) @ found.directions
    along = axes @ (found.directions.T @ out)[:3]
    sigma = np.sqrt(np.einsum("ki,ij,kj->k", axes, spread[:3, :3], axes))
    return along, sigma, float(np.mean(out**2 / found.variance))


def anywhere(
    old: Seen, new: Seen, error: Floats, prior: Floats
) -> Iterator[tuple[float, float, float, bool]]:
    """Yield, from each start, how far beside it ends, what light and heights leave, and whether slip is believed."""
    moved = new.place_m - old.place_m
    wide = prior.copy()
    wide[:3, :3] += WIDE_SLIP**2 * np.outer(moved, moved)
    for share in TRIED:
        start = np.concatenate([-share * (moved - error[:3]), np.zeros(3)])
        found = laid(old, new, error, wide, start)
        if found is None:
            continue
        there = np.linalg.lstsq(found.directions, found.moved, rcond=None)[0][:3]
        beside = float((there - error[:3]) @ moved) / float(np.linalg.norm(moved))
        apart = float(np.linalg.norm(moved - error[:3] + there))
        alike = found.alike <= min(ALIKE_ANYWHERE, max(ALIKE_STILL, ALIKE_PER_M * apart))
        yield abs(beside), found.alike, found.uneven, alike and found.uneven <= UNEVEN_ANYWHERE


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--grounds", default="101,102")
    for kind, count in (("away", 22), ("towards", 4), ("beside", 4), ("turns", 16)):
        parser.add_argument(f"--{kind}", type=int, default=count)
    options = parser.parse_args()
    counts = {kind: getattr(options, kind) for kind in ("away", "towards", "beside", "turns")}
    rows: dict[str, list[tuple[Floats, Floats, float]]] = {kind: [] for kind in counts}
    tried, mute, rng = (
        list[tuple[float, float, float, bool]](),
        dict.fromkeys(counts, 0),
        np.random.default_rng(3),
    )
    for seed in map(int, options.grounds.split(",")):
        for kind, old, new in pairs(seed, counts):
            moved = new.place_m - old.place_m
            prior = prior_of(kind, moved)
            error = np.linalg.cholesky(prior) @ rng.standard_normal(6)
            found = laid(old, new, error, prior)
            axes = old.rotation.T[[0, 2]] if kind == "turns" else moved[None, :] / np.linalg.norm(moved)
            if found is None:
                mute[kind] += 1
            else:
                rows[kind].append(told(found, error, axes))
            if kind != "turns":
                tried += anywhere(old, new, error, prior)
    for kind, found_rows in rows.items():
        if found_rows:
            out = 1e3 * np.array([row[0] for row in found_rows])
            said = 1e3 * np.array([row[1] for row in found_rows])
            print(
                f"{kind:8s} {len(out)} of {len(out) + mute[kind]} told: error mm mean {out.mean(axis=0).round(1)}, "
                f"spread {out.std(axis=0).round(1)}, said (median) {np.median(said, axis=0).round(1)}, "
                f"beyond 3 sigma {int((np.abs(out) > 3 * said).any(axis=1).sum())}, "
                f"squared by dimension {np.mean([row[2] for row in found_rows]):.2f}"
            )
    for name, kept in (
        ("right", [one for one in tried if one[0] < RIGHT_M]),
        ("beside", [one for one in tried if one[0] > BESIDE_M]),
    ):
        if kept:
            quantiles = np.quantile([one[2] for one in kept], (0.05, 0.5, 0.95)).round(2)
            print(
                f"laid {name}: {len(kept)}; heights leave {quantiles} of their variance (5, 50, 95 %); "
                f"light less than {ALIKE_ANYWHERE}: {sum(one[1] < ALIKE_ANYWHERE for one in kept)}; "
                f"believed {sum(one[3] for one in kept)}"
            )


if __name__ == "__main__":
    main()
