"""SPICE kernels for the tests: what packages ship, and text kernels of published constants.

- positions: DE421 (Folkner, Williams and Boggs 2009, IPN Progress Report 42-178), `de421.bsp` in skyfield-data;
- orientation in MOON_ME: DE421's librations, `moon_pa_de421_1900-2050.bpc` and NAIF's frame kernel `moon_080317.tf`
  in lunarsky;
- orientation in IAU_MOON: the constants of Archinal et al. 2011, doi:10.1007/s10569-010-9320-4, as a text PCK;
- leap seconds: IERS Bulletin C, as a text kernel.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

IAU_MOON_PCK = r"""KPL/PCK
Rates per Julian century, of what the report gives per day.
\begindata
BODY3_NUT_PREC_ANGLES = (
  125.045   -1935.5364525
  250.089   -3871.0729050
  260.008  475263.3328725
  176.625  487269.6299850
  357.529   35999.0509575
  311.589  964468.4993100
  134.963  477198.8693250
  276.617   12006.3007650
   34.226   63863.5132425
   15.134   -5806.6093575
  119.743     131.8406400
  239.961    6003.1503825
   25.053  473327.7964200 )
BODY301_POLE_RA = ( 269.9949 0.0031 0. )
BODY301_POLE_DEC = ( 66.5392 0.0130 0. )
BODY301_PM = ( 38.3213 13.17635815 -1.4D-12 )
BODY301_NUT_PREC_RA = ( -3.8787 -0.1204 0.0700 -0.0172 0. 0.0072 0. 0. 0. -0.0052 0. 0. 0.0043 )
BODY301_NUT_PREC_DEC = ( 1.5419 0.0239 -0.0278 0.0068 0. -0.0029 0.0009 0. 0. 0.0008 0. 0. -0.0009 )
BODY301_NUT_PREC_PM = (
  3.5610 0.1208 -0.0642 0.0158 0.0252 -0.0066 -0.0047 -0.0046 0.0028 0.0052 0.0040 0.0019 -0.0044 )
\begintext
"""

LEAP_SECONDS = r"""KPL/LSK
\begindata
DELTET/DELTA_T_A = 32.184
DELTET/K = 1.657D-3
DELTET/EB = 1.671D-2
DELTET/M = ( 6.239996D0 1.99096871D-7 )
DELTET/DELTA_AT = (
  10 @1972-JAN-1 11 @1972-JUL-1 12 @1973-JAN-1 13 @1974-JAN-1 14 @1975-JAN-1 15 @1976-JAN-1 16 @1977-JAN-1
  17 @1978-JAN-1 18 @1979-JAN-1 19 @1980-JAN-1 20 @1981-JUL-1 21 @1982-JUL-1 22 @1983-JUL-1 23 @1985-JUL-1
  24 @1988-JAN-1 25 @1990-JAN-1 26 @1991-JAN-1 27 @1992-JUL-1 28 @1993-JUL-1 29 @1994-JUL-1 30 @1996-JAN-1
  31 @1997-JUL-1 32 @1999-JAN-1 33 @2006-JAN-1 34 @2009-JAN-1 35 @2012-JUL-1 36 @2015-JUL-1 37 @2017-JAN-1 )
\begintext
"""


def packaged(package: str, inside: str) -> Path:
    """Return a file that an installed package ships, without importing it."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).parent / inside
    assert path.is_file(), path
    return path


def de421() -> Path:
    return packaged("skyfield_data", "data/de421.bsp")


def librations() -> Path:
    return packaged("lunarsky", "data/pck/moon_pa_de421_1900-2050.bpc")


def moon_frames() -> Path:
    return packaged("lunarsky", "data/fk/satellites/moon_080317.tf")


def write_meta_kernel(folder: Path, *kernels: Path, name: str = "meta.tm") -> Path:
    """Write a meta-kernel that lists files, in lines that are short enough for SPICE."""
    listed = "\n".join(line for kernel in kernels for line in _continued(str(kernel)))
    meta = folder / name
    meta.write_text(f"KPL/MK\n\\begindata\nKERNELS_TO_LOAD = (\n{listed}\n)\n\\begintext\n", encoding="ascii")
    return meta


def _continued(path: str) -> list[str]:
    """Strings of a text kernel are 80 characters at most; a + at the end continues one."""
    parts = [path[i : i + 70] for i in range(0, len(path), 70)]
    return [f"  '{part}+'" for part in parts[:-1]] + [f"  '{parts[-1]}'"]


def mean_earth_meta_kernel(folder: Path) -> Path:
    """A meta-kernel with the Moon's true orientation in MOON_ME."""
    leap_seconds = folder / "leap.tls"
    leap_seconds.write_text(LEAP_SECONDS, encoding="ascii")
    return write_meta_kernel(folder, de421(), librations(), moon_frames(), leap_seconds)


def iau_meta_kernel(folder: Path) -> Path:
    """A meta-kernel with the IAU's orientation only."""
    constants, leap_seconds = folder / "moon.tpc", folder / "leap.tls"
    constants.write_text(IAU_MOON_PCK, encoding="ascii")
    leap_seconds.write_text(LEAP_SECONDS, encoding="ascii")
    return write_meta_kernel(folder, de421(), constants, leap_seconds, name="iau.tm")
