"""Ground-penetrating radar: times by hand, resolution by the band, hyperbolas, loss, and traces only while driving."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.signal import hilbert

from rover.core.bodies import SPEED_OF_LIGHT_M_S
from sim.mission.radar import (
    ChannelRow,
    Radargram,
    depth_at,
    sound,
    stack_reflection,
    traces_along,
)
from sim.mission.radar_ground import LayerRow, Underground, make_underground, two_way_time_s

HIGH = ChannelRow(
    name="500", centre_mhz=500.0, band_mhz=500.0, sample_ns=0.3125, samples=1024, bits=8, antenna_m=2.0,
    noise_db=-200.0, source="test",
)  # fmt: skip
LOW = HIGH.model_copy(
    update={"name": "60", "centre_mhz": 60.0, "band_mhz": 40.0, "sample_ns": 2.5, "antenna_m": 8.0}
)  # so high that the record does not begin within the surface's echo


def ground(
    thick: list[float], permittivity: list[float], loss: float = 0.0, rocks: object = ()
) -> Underground:
    held = np.array(rocks, np.float64).reshape(-1, 4)
    return Underground(
        border_m=np.cumsum(np.array([thick]), axis=1),
        permittivity=np.array(permittivity),
        loss_tangent=np.full(len(permittivity), loss),
        rocks=held,
        rock_permittivity=np.full(len(held), 7.0),
    )


def heard(channel: ChannelRow, below: Underground, along: list[float] | None = None) -> Radargram:
    at = np.array([0.0] if along is None else along)
    if len(at) > 1:
        below = Underground(
            border_m=np.repeat(below.border_m, len(at), axis=0), permittivity=below.permittivity,
            loss_tangent=below.loss_tangent, rocks=below.rocks, rock_permittivity=below.rock_permittivity,
        )  # fmt: skip
    return sound(channel, below, at, np.random.default_rng(1))


def peak_s(gram: Radargram, from_s: float, until_s: float, trace: int = 0) -> float:
    """When the envelope is strongest within a span, by a parabola through three samples."""
    envelope = np.abs(hilbert(gram.echo[:, trace]))
    envelope[(gram.time_s < from_s) | (gram.time_s > until_s)] = 0.0
    n = int(envelope.argmax())
    a, b, c = envelope[n - 1 : n + 2]
    return float(gram.time_s[n] + (gram.time_s[1] - gram.time_s[0]) * 0.5 * (a - c) / (a - 2 * b + c))


def test_two_way_time_by_hand() -> None:
    """12 m of permittivity 3.5 and 12 m of 4.5: 2 x (12 x 1.8708 + 12 x 2.1213) / 0.299792 m/ns = 319.6 ns."""
    assert two_way_time_s([12.0, 12.0], [3.5, 4.5]) * 1e9 == pytest.approx(319.6, abs=0.1)
    assert two_way_time_s([0.15], [1.0]) * 1e9 == pytest.approx(1.0007, abs=1e-4)


@pytest.mark.parametrize("channel, thick", [(HIGH, [3.0, 5.0]), (LOW, [12.0, 16.0])])
def test_borders_come_back_when_the_layers_say(channel: ChannelRow, thick: list[float]) -> None:
    gram = heard(channel, ground(thick, [3.0, 4.5, 7.0]))
    surface_s = 2 * channel.antenna_m / SPEED_OF_LIGHT_M_S
    step = channel.sample_ns * 1e-9
    for deep, until in ((thick[:1], 1), (thick, 2)):
        expected = surface_s + two_way_time_s(deep, [3.0, 4.5][:until])
        assert gram.border_s[0, until] == pytest.approx(expected, rel=1e-12)
        assert peak_s(gram, expected - 10 * step, expected + 10 * step) == pytest.approx(
            expected, abs=0.6 * step
        )
        assert float(depth_at(gram, ground(thick, [3.0, 4.5, 7.0]), expected)) == pytest.approx(sum(deep))


def test_a_single_border_reflects_by_fresnel_and_a_matched_one_not_at_all() -> None:
    hz = np.array([5e8])
    half = stack_reflection(hz, np.zeros((1, 0)), np.array([4.0]), np.array([0.0]))
    assert half[0, 0] == pytest.approx(-1.0 / 3.0)
    same = stack_reflection(hz, np.array([[1.0]]), np.array([4.0, 4.0]), np.zeros(2))
    assert same[0, 0] == pytest.approx(-1.0 / 3.0)
    quarter = SPEED_OF_LIGHT_M_S / 5e8 / 4.0 / 2.0  # of permittivity 4 on one of 16: no reflection at all
    coated = stack_reflection(hz, np.array([[quarter]]), np.array([4.0, 16.0]), np.zeros(2))
    assert abs(coated[0, 0]) == pytest.approx(0.0, abs=1e-12)


def test_range_resolution_is_that_of_the_band() -> None:
    """c / (2 x 500 MHz x sqrt 3.5) = 0.160 m, and the envelope of an echo is about as wide."""
    assert HIGH.resolution_m(3.5) == pytest.approx(0.1602, abs=1e-4)
    assert LOW.resolution_m(3.5) == pytest.approx(2.003, abs=1e-3)
    gram = heard(HIGH, ground([4.0], [3.5, 6.0]))
    envelope = np.abs(hilbert(gram.echo[:, 0]))
    near = np.abs(gram.time_s - gram.border_s[0, 1]) < 4e-9
    fine = np.interp(np.linspace(-4e-9, 4e-9, 4000), gram.time_s[near] - gram.border_s[0, 1], envelope[near])
    wide_s = (fine > fine.max() / 2).sum() * 8e-9 / 4000
    wide_m = wide_s * SPEED_OF_LIGHT_M_S / 2 / math.sqrt(3.5)
    assert 0.9 < wide_m / HIGH.resolution_m(3.5) < 1.8


def test_two_borders_are_told_apart_beyond_twice_the_resolution_and_not_below_a_quarter() -> None:
    def peaks(apart_m: float) -> int:
        gram = heard(HIGH, ground([4.0, apart_m], [3.5, 3.8, 4.1]))
        envelope = np.abs(hilbert(gram.echo[:, 0]))
        near = envelope[np.abs(gram.time_s - gram.border_s[0, 1:].mean()) < 6e-9]
        inner = near[1:-1]
        tall = (inner > near[:-2]) & (inner >= near[2:]) & (inner > near.max() / 3)
        return int(tall.sum())

    assert peaks(2.0 * HIGH.resolution_m(3.8)) == 2
    assert peaks(0.25 * HIGH.resolution_m(3.8)) == 1


def test_loss_is_exponential_in_frequency_and_depth() -> None:
    """Two-way through 10 m of permittivity 3.5 and loss tangent 0.005 at 500 MHz: exp(-2 x 0.04900 x 10), -8.5 dB."""

    def strength(loss: float) -> float:
        gram = heard(HIGH, ground([10.0], [3.5, 6.0], loss))
        return float(np.abs(hilbert(gram.echo[:, 0]))[np.abs(gram.time_s - gram.border_s[0, 1]) < 5e-9].max())

    alpha = math.pi * 5e8 * math.sqrt(3.5) * 0.005 / SPEED_OF_LIGHT_M_S
    assert strength(0.005) / strength(0.0) == pytest.approx(math.exp(-2 * alpha * 10.0), rel=0.04)
    lossy, clear = (
        heard(HIGH, ground([10.0], [3.5, 6.0], 0.02)),
        heard(HIGH, ground([10.0], [3.5, 6.0], 0.005)),
    )
    assert lossy.seen_m < clear.seen_m


def test_a_rock_draws_a_hyperbola() -> None:
    along = np.linspace(-2.0, 2.0, 9).tolist()
    below = ground([50.0], [3.5, 3.5], rocks=[[0.0, 0.0, 3.0, 0.2]])
    gram, bare = heard(HIGH, below, along), heard(HIGH, ground([50.0], [3.5, 3.5]), along)
    only = Radargram(
        channel=HIGH, time_s=gram.time_s, echo=gram.echo - bare.echo, border_s=gram.border_s, seen_m=0.0
    )
    straight = 2 / SPEED_OF_LIGHT_M_S * (2.0 + 3.0 * math.sqrt(3.5))
    for trace, x in enumerate(along):
        expected = straight * math.sqrt(1.0 + (x / 5.0) ** 2)
        assert peak_s(only, 1e-8, 1e-7, trace) == pytest.approx(expected, abs=0.3e-9)
    assert np.abs(only.echo[:, 4]).max() > 1.1 * np.abs(only.echo[:, 0]).max()


def test_the_ground_is_the_rows_and_the_same_for_a_seed() -> None:
    row = LayerRow(
        name="a", thickness_m=5.0, undulation_m=0.3, length_m=8.0, permittivity=3.0, loss_tangent=0.005,
        rocks_per_m3=0.5, rock_m=0.1, rock_permittivity=7.0, source="test",
    )  # fmt: skip
    rows = [row, row.model_copy(update={"permittivity": 5.0})]
    along = np.linspace(0.0, 400.0, 2000)
    one, other = (make_underground(rows, along, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(one.border_m, other.border_m)
    np.testing.assert_array_equal(one.rocks, other.rocks)
    assert one.border_m.mean() == pytest.approx(5.0, abs=0.1)
    spread = [make_underground(rows, along, np.random.default_rng(seed)).border_m.std() for seed in range(12)]
    assert np.sqrt(np.mean(np.square(spread))) == pytest.approx(0.3, rel=0.1)
    volume = (400.0 + 4.0) * 4.0 * 10.0
    assert len(one.rocks) == pytest.approx(0.5 * volume, rel=0.1)
    assert (one.rocks[:, 3] >= 0.05).all()


def test_traces_are_taken_while_the_rover_moves_only() -> None:
    time = np.array([0.0, 10.0, 5000.0, 5010.0])
    distance = np.array([0.0, 0.5, 0.5, 1.0])
    place = np.column_stack([distance, 0 * distance])
    at, along, places = traces_along(time, place, distance, np.array([False, True, False, True]), 0.5)
    assert len(at) == 40 and not ((at > 10.0) & (at < 5000.0)).any()
    np.testing.assert_allclose(places[:, 0], along)
    assert np.diff(along).max() == pytest.approx(0.025, abs=1e-9)


def test_impossible_channels_are_refused() -> None:
    for change, words in (({"band_mhz": 1000.0}, "narrow it"), ({"sample_ns": 1.0}, "shorten it")):
        with pytest.raises(ValueError, match=words):
            ChannelRow.model_validate({**HIGH.model_dump(), **change})
