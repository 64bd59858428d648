"""Kernels of `sim.physics.regolith_heat`: heat in a column of regolith, by an implicit method."""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel

STEFAN_BOLTZMANN = 5.670374419e-8
"""W/m2/K4 (CODATA 2018)."""

GAMMA = 1.0 - math.sqrt(0.5)
"""Of the two-stage, second-order, L-stable singly diagonally implicit method (Alexander 1977, doi:10.1137/0714068)."""

RADIATIVE_K = 350.0
"""Temperature that the radiative term of the conductivity is counted by (Hayne et al. 2017, equation A5)."""

MOST_ROUNDS = 60


@kernel
def specific_heat(t, c):  # type: ignore[no-untyped-def]
    """Return the specific heat in J/kg/K at a temperature: a polynomial."""
    return c[0] + t * (c[1] + t * (c[2] + t * (c[3] + t * c[4])))


@kernel
def enthalpy(t, c):  # type: ignore[no-untyped-def]
    """Return the integral of the specific heat, J/kg."""
    return t * (c[0] + t * (c[1] / 2 + t * (c[2] / 3 + t * (c[3] / 4 + t * c[4] / 5))))


@kernel
def _fluxes(t, kc, dz, chi, flux, slope_up, slope_down, link):  # type: ignore[no-untyped-def]
    """Fill the fluxes downwards between neighbours, their derivatives, and conductances; entry 0 is from the surface.

    `t` holds the surface and then the cells. Half a cell's resistance is its half thickness over its conductivity; the
    half below the surface conducts by the mean of both ends' radiative terms.
    """
    n = len(kc)
    cube = 1.0 / (RADIATIVE_K * RADIATIVE_K * RADIATIVE_K)
    half = 2.0 * kc[0] / dz[0]
    link[0] = half * (1.0 + chi * cube * 0.5 * (t[0] ** 3 + t[1] ** 3))
    rise = half * chi * cube * 1.5
    flux[0] = link[0] * (t[0] - t[1])
    slope_up[0] = link[0] + rise * t[0] ** 2 * (t[0] - t[1])
    slope_down[0] = -link[0] + rise * t[1] ** 2 * (t[0] - t[1])
    for i in range(1, n):
        above = kc[i - 1] * (1.0 + chi * cube * t[i] ** 3)
        below = kc[i] * (1.0 + chi * cube * t[i + 1] ** 3)
        r_above = 0.5 * dz[i - 1] / above
        r_below = 0.5 * dz[i] / below
        g = 1.0 / (r_above + r_below)
        link[i] = g
        fall = t[i] - t[i + 1]
        flux[i] = g * fall
        slope_up[i] = g + g * g * r_above * (3.0 * kc[i - 1] * chi * cube * t[i] ** 2 / above) * fall
        slope_down[i] = -g + g * g * r_below * (3.0 * kc[i] * chi * cube * t[i + 1] ** 2 / below) * fall


@kernel
def _stage(t, held, mass, c, kc, dz, chi, emissivity, sun, deep, span, work):  # type: ignore[no-untyped-def]
    """Solve one implicit stage by Newton's method, from `t` in place.

    The surface holds no heat: what is absorbed is radiated or conducted. Cell i fulfils mass * (enthalpy - held) =
    span * (flux in - flux out).
    """
    n = len(kc)
    flux, up, down, link = work[0], work[1], work[2], work[3]
    diag, over, rhs = work[4], work[5], work[6]
    for _ in range(MOST_ROUNDS):
        _fluxes(t, kc, dz, chi, flux, up, down, link)
        glow = emissivity * STEFAN_BOLTZMANN * t[0] ** 3
        diag[0] = -4.0 * glow - up[0]
        over[0] = -down[0]
        rhs[0] = -(sun - glow * t[0] - flux[0])
        for i in range(1, n + 1):
            out = flux[i] if i < n else -deep
            # The row of cell i before elimination: below the diagonal, on it, above it.
            left = -span * up[i - 1]
            here = mass[i - 1] * specific_heat(t[i], c) - span * (down[i - 1] - (up[i] if i < n else 0.0))
            right = span * down[i] if i < n else 0.0
            wrong = mass[i - 1] * (enthalpy(t[i], c) - held[i - 1]) - span * (flux[i - 1] - out)
            share = left / diag[i - 1]
            diag[i] = here - share * over[i - 1]
            over[i] = right
            rhs[i] = -wrong - share * rhs[i - 1]
        most = 0.0
        step = 0.0
        for k in range(n + 1):
            i = n - k
            step = (rhs[i] - (over[i] * step if k > 0 else 0.0)) / diag[i]
            t[i] = max(0.5 * t[i], t[i] + step)
            most = max(most, abs(step))
        if most < 1e-9:
            break
    _fluxes(t, kc, dz, chi, flux, up, down, link)


@kernel
def conduct(t, mass, c, kc, dz, chi, emissivity, suns, deep, step, surface, sums, ledger):  # type: ignore[no-untyped-def]
    """Pass time over a column of regolith in even steps.

    Args:
        t: (n + 1,) temperature of the surface and of the cells, K; changed in place.
        mass: (n,) of the cells, kg/m2.
        c: (5,) coefficients of the specific heat.
        kc: (n,) conductivity of the cells by contact, W/m/K.
        dz: (n,) their thickness, m.
        chi: Weight of the radiative term.
        emissivity: Of the surface.
        suns: (steps, 2) sunlight absorbed at the two stages of each step, W/m2.
        deep: Heat from below, W/m2.
        step: Seconds.
        surface: (steps,) filled with the surface's temperature at each step's end.
        sums: (2, n) added up over time: fluxes (J/m2) and conductances (s W/m2/K) between neighbours, from the surface
            down.
        ledger: (2,) added up: absorbed and radiated, J/m2.
    """
    n = len(kc)
    work = np.empty((7, n + 1))
    held = np.empty(n)
    first = np.empty(n)
    for k in range(len(suns)):
        for i in range(n):
            held[i] = enthalpy(t[i + 1], c)
        for stage in range(2):
            weight = 1.0 - GAMMA if stage == 0 else GAMMA
            if stage == 1:
                for i in range(n):
                    held[i] += (1.0 - GAMMA) * step * first[i] / mass[i]
            _stage(t, held, mass, c, kc, dz, chi, emissivity, suns[k, stage], deep, GAMMA * step, work)
            for i in range(n):
                out = work[0, i + 1] if i + 1 < n else -deep
                first[i] = work[0, i] - out
                sums[0, i] += weight * step * work[0, i]
                sums[1, i] += weight * step * work[3, i]
            ledger[0] += weight * step * suns[k, stage]
            ledger[1] += weight * step * emissivity * STEFAN_BOLTZMANN * t[0] ** 4
        surface[k] = t[0]
