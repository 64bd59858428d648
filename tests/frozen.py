"""The contents of records as bytes, to tell whether anything in them has changed."""

from __future__ import annotations

import hashlib
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np


def frozen(value: Any) -> str:
    """Return a digest of a record, its arrays and the records in it; what is none of these counts by its identity."""
    digest = hashlib.blake2b()
    _add(digest, value)
    return digest.hexdigest()


def _add(digest: Any, value: Any) -> None:
    digest.update(type(value).__name__.encode())
    if isinstance(value, np.ndarray):
        digest.update(repr((value.shape, value.dtype)).encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    elif is_dataclass(value) and not isinstance(value, type):
        for part in fields(value):
            _add(digest, getattr(value, part.name))
    elif isinstance(value, (tuple, list)):
        for each in value:
            _add(digest, each)
    elif value is None or isinstance(value, (bool, int, float, str)):
        digest.update(repr(value).encode())
    else:
        digest.update(repr(id(value)).encode())
