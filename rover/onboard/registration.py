"""Visual odometry: the motion between two stereo looks, from laying what one saw upon what the other saw.

By shape and by light. The heights of the new look, gathered in cells, are laid on the heights of the old one (iterated
closest point against a height field, point to plane: Chen and Medioni 1992, doi:10.1016/0262-8856(92)90066-C). The
points of the old look are found in the new picture of the same pair by their light, less its mean around (direct
alignment of pictures with depth: Kerl, Sturm and Cremers 2013, doi:10.1109/ICRA.2013.6631104), from coarse pixels to
fine: the narrow pair tells the motion best, the wide one still sees the same ground after a turn. The steps are
Gauss-Newton's; the prediction and its covariance are weighed in, so that where there is neither shape nor shading the
prediction stands. Light and shape must tell the same: away from the Sun the bright patch about the rover's own shadow
goes along with it, and the light of two looks agrees where the rover would not have moved. What is handed to the filter
is the information of the looks alone, by its eigenvectors; directions that they say nothing of are left out (Zhang,
Kaess and Singh 2016, doi:10.1109/ICRA.2016.7487210). Neighbouring matches of a stereo pair share pixels and go together
in error: a window's worth of them counts as one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import chdtri

from rover.onboard.looks import CELL_M, LEVELS, REACH_M, THINNED, Look, Sight
from rover.onboard.registration_kernels import height_equations, light_equations
from rover.onboard.rotations import rotation_of

Floats = npt.NDArray[np.float64]
Pose = tuple[Floats, Floats]

WIDE_WITHIN_M = 0.3
"""A wide pair's ranges are too poor to find its points in a picture taken further on; after a turn they serve."""

ROUGH_M, DULL = 0.012, 0.05
"""Standard deviations of height, and of light as a share, of what two looks at one place do not have in common."""

FIELD_OUT_M = 0.1
"""Standard deviation by which a field of heights may be out aside: it is drawn 2 cm along the way of a metre, the same
at each look, so that shape is left to tell height and tilt."""

HEIGHT_OUT_M = 0.0025
"""The same by which two fields may be out in height, each as a whole: ranges of one look go together over more than a
window. With `INFLATION` 5.6 mm: mean heights above the ground of looks from either side of a turn differ by 3 to 5 mm
(root mean square, two pairs of eyes, 8 turns)."""

CONTRARY = float(chdtri(6, 1e-3))
"""What light has shape lie on must be no further from what shape would have by itself, as a squared distance by its own
covariance: laid beside by 0.15 m or more it is 8 to 350, laid right 22 at most (320 and 120 pairs, four grounds)."""

FEWEST, MOST_OUT = 250, 0.3
"""Residuals that there must be, and share of them that may be far off."""

HUBER = 2.0
STEPS = 10
STILL_M = 2e-4
"""The steps of a level end when none moves further, metres and radians alike."""

LEAST_INFORMATION = 1.0
"""Directions known worse than to 1 m, or rad, are left out."""

ALIKE, WORSE_FROM = 0.2, 0.12
"""Residuals of light must be less than this share of those of places that have nothing in common, in squares; from the
second on what they tell is out by more than they say: 2 cm in the mean of a metre at a fifth, 6 mm below a tenth."""

INFLATION = 5.0
"""Of variances: what the laws leave out goes together over more than a window."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Registration:
    """What laying one look on another has told, in k directions that are independent of one another.

    Attributes:
        directions: (k, 6) each of the errors shift (east, north, up) and turn (about these).
        moved: (k,) error of the prediction along each.
        variance: (k,) of it.
        inliers: How many residuals told it.
        alike: What is left of the residuals of light, as a share of those of places with nothing in common: the nearer
            to none, the surer that it is the same ground; infinite where light told nothing.
        uneven: What is left of the residuals of height, as a share of their variance.
    """

    directions: Floats
    moved: Floats
    variance: Floats
    inliers: int
    alike: float = np.inf
    uneven: float = 0.0


def register(
    old: Look, new: Look, *, reference: Pose, predicted: Pose, prior: Floats, start: Floats | None = None
) -> Registration | None:
    """Return what laying two looks upon one another tells of the error of the motion predicted; None where nothing.

    Args:
        old, new: The looks.
        reference: (3,) place and (3, 3) rotation from which the old one was taken.
        predicted: The same of the new one.
        prior: (6, 6) covariance of the error of the prediction as the old pose sees it: shift, turn.
        start: (6,) such an error to begin from; none where left out.
    """
    trust = np.linalg.inv(prior + 1e-10 * np.eye(6))
    error = np.zeros(6) if start is None else start
    for level in range(len(LEVELS)):
        for _ in range(STEPS):
            laws = _laws(old, new, reference, predicted, error, level)
            matrix, vector = (sum(law.matrix for law in laws), sum(law.vector for law in laws))
            step = np.linalg.solve(matrix + trust, vector - trust @ error)
            error = error + step
            if float(np.abs(step).max()) < STILL_M:
                break
    shape, *lights = _laws(old, new, reference, predicted, error, len(LEVELS) - 1)
    laws = [law for law in (shape, *lights) if law.holds]
    if not laws or (shape.holds and shape.contrary > CONTRARY):
        return None
    told = [INFLATION * law.worse for law in laws]
    matrix = sum(law.matrix / worse for law, worse in zip(laws, told, strict=True))
    vector = sum(law.vector / worse for law, worse in zip(laws, told, strict=True))
    known, directions = np.linalg.eigh(matrix)
    kept = known > LEAST_INFORMATION
    along = directions.T[kept]
    return Registration(
        directions=along,
        moved=along @ error + along @ vector / known[kept],
        variance=1.0 / known[kept],
        inliers=sum(law.lay - law.out for law in laws),
        alike=min((law.left / law.apart for law in laws if law.apart < np.inf), default=np.inf),
        uneven=shape.left,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Law:
    """Normal equations of one law, how many residuals they are of, how many were left out, and what is left of them.

    Attributes:
        matrix, vector: (6, 6), (6,) of shift and turn.
        lay, out, squares: As the kernels return them.
        apart: Mean weighed square of residuals of what has nothing in common; infinite where that is not known.
    """

    matrix: Floats
    vector: Floats
    lay: int
    out: int
    squares: float
    apart: float = np.inf

    @property
    def worse(self) -> float:
        """How much greater the variances are than the equations say, by what is left of the residuals."""
        return max(1.0, self.left) * (1.0 + (self.left / (WORSE_FROM * self.apart)) ** 4)

    @property
    def left(self) -> float:
        """Mean weighed square of the residuals that were not left out."""
        return self.squares / max(1, self.lay - self.out)

    @property
    def contrary(self) -> float:
        """Squared distance from where the law would have the looks lie by itself, by its own covariance."""
        return float(self.vector @ np.linalg.lstsq(self.matrix, self.vector, rcond=1e-9)[0])

    @property
    def holds(self) -> bool:
        """Whether the looks were laid upon one another, and not beside."""
        enough = self.lay >= FEWEST and self.out <= MOST_OUT * self.lay
        return enough and self.squares <= ALIKE * self.apart * (self.lay - self.out)


def _laws(old: Look, new: Look, reference: Pose, predicted: Pose, error: Floats, level: int) -> list[_Law]:
    """Return the normal equations of shape and, where there are pictures, of light, at an error of the prediction."""
    turn, between = rotation_of(error[3:]), predicted[0] - reference[0] + error[:3]
    rotation = turn @ predicted[1]
    to_old = old.rotation @ reference[1].T
    first = -REACH_M + CELL_M / 2
    window = float(new.window_px**2)
    matrix, vector = np.zeros((6, 6)), np.zeros(6)
    lay, out, squares = height_equations(
        new.cells, to_old @ rotation @ new.rotation.T, to_old @ between, first, first, CELL_M, old.height_m,
        old.variance_m2, ROUGH_M**2, window, HUBER, matrix, vector,
    )  # fmt: skip
    # Its shift aside is taken for a nuisance of its own (Schur's complement): what the field is out by.
    out_by = np.diag([FIELD_OUT_M, FIELD_OUT_M, HEIGHT_OUT_M])
    aside = np.linalg.solve(matrix[:3, :3] + np.linalg.inv(out_by @ out_by), matrix[:3])
    vector = vector - aside.T @ vector[:3]
    matrix = matrix - matrix[:, :3] @ aside
    shape = _Law(matrix=matrix, vector=vector, lay=lay, out=out, squares=squares)
    places = np.ascontiguousarray(reference[1]), between, rotation
    wide = float(np.linalg.norm(between)) <= WIDE_WITHIN_M
    lights: list[_Law] = []
    for before, after in _pairs(old, new)[: None if wide else 1]:
        lights.append(_light(before, after, places, level, window))
        if lights[-1].lay * THINNED[level] >= FEWEST:
            break
    return [shape, *lights]


def _pairs(old: Look, new: Look) -> list[tuple[Sight, Sight]]:
    """Return what the same pair saw at both looks, of the narrowest pair first."""
    found = [(a, b) for a in old.sights for b in new.sights if a.camera == b.camera]
    return sorted(found, key=lambda pair: -pair[1].picture.focal_px)


def _light(
    before: Sight, after: Sight, places: tuple[Floats, Floats, Floats], level: int, window: float
) -> _Law:
    """Return the normal equations of finding a pair's points in its next picture.

    Args:
        before, after: What it saw.
        places: (3, 3) rotation of the old pose, (3,) shift from there to the new one, and (3, 3) rotation of that.
        level: Index into `LEVELS`.
        window: Points that go together in error.
    """
    then, between, now = places
    picture, pixels, sought = after.picture, LEVELS[level], before.sought[level]
    matrix, vector = np.zeros((6, 6)), np.zeros(6)
    lay, out, squares, weights = light_equations(
        sought.points_m, sought.errors_m, sought.read, then, between, picture.axes @ now.T, picture.axes @ after.eye_m,
        picture.focal_px / pixels, (picture.centre_row + 0.5) / pixels - 0.5,
        (picture.centre_col + 0.5) / pixels - 0.5, after.levels[level], DULL**2,
        max(1.0, window / sought.stands), HUBER, matrix, vector,
    )  # fmt: skip
    # Light of two places that have nothing to do with one another is apart by twice its variance.
    apart = 2.0 * sought.varies * weights / max(1, lay - out)
    return _Law(matrix=matrix, vector=vector, lay=lay, out=out, squares=squares, apart=apart)
