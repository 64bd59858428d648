"""Sines and arcsines that no library makes: as near as they say, and exact where it matters."""

from __future__ import annotations

import numpy as np

from rover.hazard import angle_kernels as angles


def test_sine() -> None:
    x = np.linspace(-np.pi / 2, np.pi / 2, 20_001)
    off = np.array([angles.sine(value) for value in x]) - np.sin(x)
    assert np.abs(off).max() <= angles.SINE_ERROR
    assert angles.sine(0.0) == 0.0


def test_sine_in_single() -> None:
    x = np.linspace(-np.pi / 2, np.pi / 2, 20_001).astype(np.float32)
    got = [angles.sine_32(value) for value in x]
    assert np.abs(np.array(got, np.float64) - np.sin(x.astype(np.float64))).max() <= angles.SINE_ERROR_32
    assert angles.sine_32(np.float32(0)) == 0.0


def test_arcsine() -> None:
    x = np.concatenate([np.linspace(-1, 1, 20_001), np.nextafter([0.5, -0.5], [1, -1])])
    other = np.roll(x, 7001)
    off = np.array([angles.arcsines(*pair) for pair in zip(x, other, strict=True)])
    off -= np.arcsin(np.column_stack([x, other]))
    assert np.abs(off).max() <= angles.ARCSINE_ERROR
    assert angles.arcsines(0.0, 0.0) == (0.0, 0.0)
