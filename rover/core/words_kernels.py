"""Whole numbers in an array that threads share while they work, read and written in one piece and in order.

A kernel that waits for another thread may not read the word it waits for by an ordinary index: a compiler takes it that
nobody else writes, and reads once. What a thread wrote before `put_word` or `add_word` is seen by one that has read
the outcome with `get_word` or `add_word`. Arrays are of int64 and one-dimensional. Where kernels are not compiled, the
interpreter runs plain functions that do the same.
"""

from __future__ import annotations

import os
import platform
import threading

from llvmlite import ir

from rover.core.jit import compiled, intrinsic

_HAS_PAUSE = platform.machine().lower() in ("x86_64", "amd64")
_one_at_a_time = threading.Lock()

if compiled():

    def _place(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        held = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.gep(held.data, [arguments[1]])

    @intrinsic
    def get_word(typing, words, index):  # type: ignore[no-untyped-def]
        """Return `words[index]` as it is now."""

        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            place = _place(context, builder, signature, arguments)
            return builder.load_atomic(place, "acquire", 8)

        return words.dtype(words, words.dtype), generate

    @intrinsic
    def put_word(typing, words, index, value):  # type: ignore[no-untyped-def]
        """Set `words[index]`; return the value."""

        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            place = _place(context, builder, signature, arguments)
            builder.store_atomic(arguments[2], place, "release", 8)
            return arguments[2]

        return words.dtype(words, words.dtype, words.dtype), generate

    @intrinsic
    def add_word(typing, words, index, value):  # type: ignore[no-untyped-def]
        """Add to `words[index]`; return what it was before."""

        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            place = _place(context, builder, signature, arguments)
            return builder.atomic_rmw("add", place, arguments[2], "acq_rel")

        return words.dtype(words, words.dtype, words.dtype), generate

    @intrinsic
    def rest(typing, value):  # type: ignore[no-untyped-def]
        """Let the processor take a breath in a loop that waits, some tens of nanoseconds; return the value."""

        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            if _HAS_PAUSE:
                nothing = ir.FunctionType(ir.VoidType(), [])
                builder.call(builder.module.declare_intrinsic("llvm.x86.sse2.pause", (), nothing), [])
            return arguments[0]

        return value(value), generate

else:

    def _free_again() -> None:
        """In a child, whose parent may have held it: the thread that would release it is not there."""
        global _one_at_a_time
        _one_at_a_time = threading.Lock()

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_free_again)

    def get_word(words, index):  # type: ignore[no-untyped-def]
        return int(words[index])

    def put_word(words, index, value):  # type: ignore[no-untyped-def]
        with _one_at_a_time:
            words[index] = value
        return value

    def add_word(words, index, value):  # type: ignore[no-untyped-def]
        with _one_at_a_time:
            before = int(words[index])
            words[index] = before + value
        return before

    def rest(value):  # type: ignore[no-untyped-def]
        return value
