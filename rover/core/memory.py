"""How much memory there is, to refuse what would not fit before it is begun."""

from __future__ import annotations

import os
from pathlib import Path

from rover.core.byte_count import byte_words
from rover.core.errors import ResourceError

_MEMINFO = Path("/proc/meminfo")


def available_bytes() -> int | None:
    """Return the memory that can be taken without swapping, or None where the system does not tell."""
    if _MEMINFO.exists():
        for line in _MEMINFO.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def check_memory(needed: int, *, what: str, field: str, value: object, remedy: str) -> None:
    """Refuse work that takes more memory than there is.

    Args:
        needed: Bytes.
        what: The work, for the message.
        field, value: What was asked for.
        remedy: What to do instead.

    Raises:
        ResourceError: More than is available.
    """
    there = available_bytes()
    if there is not None and needed > there:
        raise ResourceError(
            f"{what} takes {byte_words(needed)} of memory and {byte_words(there)} are free",
            field=field,
            value=value,
            remedy=remedy,
        )
