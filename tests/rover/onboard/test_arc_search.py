"""Sequences of short arcs, and poses held to clearance evaluation once: what they find, and what is kept of it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from rover.hazard.clearance import arc_poses
from rover.onboard.arc_search import AHEAD_M, ArcSearch
from rover.onboard.arc_table import arc_table
from rover.onboard.arc_track import Driven, without_loops
from rover.onboard.arc_walker import BELLY_MARGIN_M, ArcWalker, way_back
from rover.onboard.heading_kernels import HEADINGS
from rover.onboard.local_candidates import SHORT, Motion, Ranked, Stood, rank
from rover.onboard.local_cost import BACK, local_cost
from rover.onboard.local_cost_kernels import cost_to_seeds
from rover.onboard.local_map import LocalMap
from rover.onboard.local_planner import ArcChoice, NoArc, select_arc
from rover.onboard.pose_lattice import LATTICE_CELL_M, PoseLattice, reckoned
from tests.rover.onboard.test_local_planner import YUTU_2, Floats, belief, ground, known, level, places, rocky

Pose = tuple[float, float, float]


def lane(half_m: float = 0.75, end_m: float = 1.1) -> Floats:
    """A dead end: walls at both sides, and one ahead."""
    e, n = places()
    sides = (np.abs(np.abs(n) - half_m - 0.1) < 0.1) & (e > -2.0) & (e < end_m + 0.2)
    ahead = (np.abs(e - end_m - 0.1) < 0.1) & (np.abs(n) < half_m + 0.2)
    return np.where(sides | ahead, 0.6, 0.0)


def ranked_on(
    seen: LocalMap,
    walker: ArcWalker,
    goal: tuple[float, float],
    *,
    pose: Pose = (0.0, 0.0, 0.0),
    stood: tuple[Stood, ...] = (),
    kept: tuple[Motion, ...] = (),
) -> Ranked:
    maps = belief()
    geometry = maps.costmap.geometry
    cells = geometry.centres_of(np.argwhere(np.ones(geometry.shape, np.bool_))) - np.array(goal)
    onward = np.hypot(*cells.T).reshape(geometry.shape) * 18.0
    lattice = reckoned(None, seen, YUTU_2, pose[:2], walker.expected)
    given = {"here_m": pose[:2], "refused": (), "onward_s": onward, "path_m": np.array([goal])}
    cost = local_cost(seen, maps, YUTU_2, lattice=lattice, **given)
    return rank(cost, YUTU_2, pose, goal_m=goal, stood=stood, kept=kept)


def looked(heights: Floats, pose: Pose = (0.0, 0.0, 0.0)) -> tuple[LocalMap, ArcWalker]:
    seen = known(ground(heights), pose[:2])
    return seen, ArcWalker(seen, YUTU_2, pose, BELLY_MARGIN_M)


def test_out_of_a_dead_end_too_narrow_to_turn_in_it_backs() -> None:
    seen, walker = looked(lane())
    ranked = ranked_on(seen, walker, (20.0, 0.0))
    choice = select_arc(seen, YUTU_2, (0.0, 0.0, 0.0), ranked, walker=walker)
    assert isinstance(choice, ArcChoice)
    assert choice.motion.first_m < 0
    assert np.abs(choice.path[:, 1]).max() < 0.75 or choice.path[-1, 0] < -1.2


def test_a_sequence_leads_away_and_all_of_it_passes() -> None:
    seen, walker = looked(rocky(3, rocks=12))
    ranked = ranked_on(seen, walker, (20.0, 0.0))
    found = ArcSearch(walker, ranked.pricer, YUTU_2).run(math.inf)
    assert found is not None
    assert math.hypot(*found.poses[-1, :2]) >= AHEAD_M
    steps = np.hypot(*np.diff(found.poses[:, :2], axis=0).T)
    assert steps.max() < 0.05
    for begin in range(0, len(found.poses), 20):
        part = found.poses[begin : begin + 20]
        passes, _ = walker.walk(part, np.full((len(part), 2), 0.005), sure=False)
        assert passes


def test_where_nothing_passes_no_sequence_is_found() -> None:
    e, n = places()
    seen, walker = looked(np.where(np.abs(np.hypot(e, n) - 1.3) < 0.12, 0.8, 0.0))
    search = ArcSearch(walker, ranked_on(seen, walker, (20.0, 0.0)).pricer, YUTU_2)
    assert search.run(math.inf) is None
    assert len(search.seen) > 0


def test_an_end_where_the_rover_has_stood_leads_on_as_it_did() -> None:
    seen, walker = looked(level())
    plain = ranked_on(seen, walker, (20.0, 0.0))
    table = arc_table(YUTU_2)
    straight = next(
        tree
        for tree in range(len(table))
        if np.abs(table.second[tree, :, 1]).max() < 1e-9 and table.second[tree, -1, 0] > 0
    )
    end = (float(table.second[straight, -1, 0]), 0.0, 0.0)
    stood = ranked_on(seen, walker, (20.0, 0.0), stood=((*end, 5000.0),))
    assert plain.value_s[straight] < 1000 < 5000 <= stood.value_s[straight]
    turned = ranked_on(seen, walker, (20.0, 0.0), stood=((end[0], 0.0, 1.0, 5000.0),))
    assert turned.value_s[straight] == plain.value_s[straight]


def test_short_arcs_are_parts_of_the_table_and_backwards_ones_cost_more() -> None:
    seen, walker = looked(level())
    ranked = ranked_on(seen, walker, (0.0, 20.0))
    roots = len(ranked.stub_s)
    for kind, (way, length) in enumerate(SHORT):
        candidate = ranked.short(kind * roots + roots // 2 + 3)
        assert candidate.motion.first_m == pytest.approx(way * length, abs=0.02)
        gone = math.hypot(*candidate.poses[-1, :2])
        assert gone == pytest.approx(length, abs=0.03)
        assert candidate.poses[-1, 0] * candidate.poses[0, 2] * way > 0


def test_a_move_backwards_costs_its_share_more() -> None:
    cost = np.full((len(HEADINGS), 5, 21), 10.0)
    field = np.full(cost.shape, np.inf)
    field[0, 2, 20] = 0.0  # to be there heading east
    cost_to_seeds(cost, 0.2, np.full((5, 21), 10.0), 1e-6, BACK, field)
    assert field[0, 2, 10] == pytest.approx(20.0)
    field[:] = np.inf
    field[0, 2, 0] = 0.0
    cost_to_seeds(cost, 0.2, np.full((5, 21), 10.0), 1e-6, BACK, field)
    assert field[0, 2, 10] == pytest.approx(20.0 * BACK)


def test_poses_are_reckoned_once_and_again_when_they_are_known_better() -> None:
    seen, walker = looked(rocky(5))
    first = reckoned(None, seen, YUTU_2, (0.0, 0.0), walker.expected)
    assert np.isfinite(first.tried).any()
    same = reckoned(first, seen, YUTU_2, (0.0, 0.0), walker.expected)
    np.testing.assert_array_equal(same.stance, first.stance)
    np.testing.assert_array_equal(same.tried, first.tried)
    wrong, known_at = first.stance * 0, np.isfinite(first.variance_m2)
    kept = reckoned(replace(first, stance=wrong), seen, YUTU_2, (0.0, 0.0), walker.expected)
    assert (kept.stance[:, known_at] == 0).all()
    worse = first.variance_m2 + np.float32(1.0)
    again = reckoned(
        replace(first, stance=wrong, variance_m2=worse), seen, YUTU_2, (0.0, 0.0), walker.expected
    )
    np.testing.assert_array_equal(again.stance[:, known_at], first.stance[:, known_at])


def test_what_is_kept_of_poses_stays_where_it_is_on_the_ground() -> None:
    seen, walker = looked(rocky(5))
    first = reckoned(None, seen, YUTU_2, (0.0, 0.0), walker.expected)
    shifted = replace(seen, height_m=seen.height_m * np.nan, variance_m2=seen.variance_m2 * np.nan)
    later = reckoned(first, shifted, YUTU_2, (1.0, 0.4), walker.expected)
    up, along = (new - old for new, old in zip(later.corner, first.corner, strict=True))
    assert (up * LATTICE_CELL_M, along * LATTICE_CELL_M) == pytest.approx((0.4, 1.0), abs=0.21)
    np.testing.assert_array_equal(later.stance[:, :-up, :-along], first.stance[:, up:, along:])
    assert np.isnan(later.stance[:, -up:]).all()


def test_unknown_ground_is_tried_by_no_pose() -> None:
    heights = rocky(5)
    heights[:, 150:] = np.nan
    seen, walker = looked(heights)
    lattice: PoseLattice = reckoned(None, seen, YUTU_2, (0.0, 0.0), walker.expected)
    cols = lattice.stance.shape[2]
    east = (lattice.corner[1] + np.arange(cols) + 0.5) * LATTICE_CELL_M + seen.origin_m[0]
    assert np.isnan(lattice.tried[..., east > 1.6]).all()


def test_to_where_it_came_from_backwards_the_rover_goes_ahead() -> None:
    seen, _ = looked(level())
    motion = way_back(seen, YUTU_2, (0.0, 0.0, 0.0), (1.0, 0.1), ahead=True)
    assert motion is not None
    assert motion.turn_rad == 0.0
    assert motion.first_m == pytest.approx(-1.0, abs=0.02)
    assert motion.first_per_m > 0


def test_what_is_left_of_a_sequence_is_gone_on_with() -> None:
    heights = rocky(3, rocks=30)
    seen, walker = looked(heights)
    found = ArcSearch(walker, ranked_on(seen, walker, (20.0, 0.0)).pricer, YUTU_2).run(math.inf)
    assert found is not None
    first, *then = found.motions
    assert len(then) > 0
    end = arc_poses(
        (0.0, 0.0, first.turn_rad), length_m=first.first_m, curvature_per_m=first.first_per_m, count=2
    )
    pose = (float(end[-1, 0]), float(end[-1, 1]), float(end[-1, 2]))
    later = ArcWalker(seen, YUTU_2, pose, BELLY_MARGIN_M)
    ranked = ranked_on(seen, later, (20.0, 0.0), pose=pose, kept=tuple(then))
    dear = replace(ranked, value_s=ranked.value_s + 1e4, others=())
    choice = select_arc(seen, YUTU_2, pose, dear, walker=later)
    assert isinstance(choice, ArcChoice)
    assert (choice.motion, *choice.then) == tuple(then)
    np.testing.assert_allclose(choice.path[-1, :2], found.poses[-1, :2], atol=1e-6)
    e, n = places()
    shut, _ = looked(np.where(np.hypot(e - found.poses[-1, 0], n - found.poses[-1, 1]) < 0.4, 0.8, heights))
    blocked = ArcWalker(shut, YUTU_2, pose, BELLY_MARGIN_M)
    other = select_arc(shut, YUTU_2, pose, dear, walker=blocked)
    assert isinstance(other, NoArc) or (other.motion, *other.then) != tuple(then)


def test_the_way_back_leaves_out_to_and_fro() -> None:
    ahead = Motion(turn_rad=0.0, first_m=0.6, first_per_m=0.0)
    back = Motion(turn_rad=0.0, first_m=-0.6, first_per_m=0.0)
    places_stood = [(0.0, ahead), (0.6, back), (0.01, ahead), (0.61, ahead), (1.2, ahead)]
    driven = [Driven(motion=motion, begun=(east, 0.0, 0.0)) for east, motion in places_stood]
    assert [one.begun[0] for one in without_loops(driven)] == [0.01, 0.61, 1.2]
    turned = [*driven[:2], Driven(motion=ahead, begun=(0.01, 0.0, 0.5)), *driven[3:]]
    assert [one.begun[0] for one in without_loops(turned)] == [0.0, 0.61, 1.2]


def test_of_a_way_back_that_is_barred_the_part_before_the_bar_is_driven() -> None:
    e, n = places()
    barred = np.where((np.abs(e + 2.3) < 0.1) & (np.abs(n) < 3.0), 0.6, 0.0)
    seen, _ = looked(barred)
    place = (-2.0, 0.0)
    assert way_back(seen, YUTU_2, (0.0, 0.0, 0.0), place) is None
    part = way_back(seen, YUTU_2, (0.0, 0.0, 0.0), place, least_m=0.3)
    assert part is not None
    assert 0.3 <= part.first_m < 1.6
    assert way_back(seen, YUTU_2, (0.0, 0.0, 0.0), place, least_m=1.7) is None
