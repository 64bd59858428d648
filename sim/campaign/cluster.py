"""A Dask cluster that is there already: whether it may be used, and a connection to it."""

from __future__ import annotations

import contextlib
import logging
import socket
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rover.core.errors import ClusterError, UsageError

if TYPE_CHECKING:
    from distributed import Client

_CONNECT_S = 10.0
_FIRST_WORKER_S = 10.0
_SCHEMES = ("tcp", "tls")
_SHOWN = "tcp://HOST:PORT or tls://HOST:PORT"


def check_address(address: str, *, insecure: bool) -> str:
    """Return the address of a scheduler with its scheme, if runs may be sent there.

    Whoever reaches a scheduler without TLS can have it run anything, and reads and changes what goes over the net. So
    one that is not on this machine is used over TLS only, unless that is waived.

    Args:
        address: `tcp://HOST:PORT`, `tls://HOST:PORT` or `HOST:PORT`, which is tcp.
        insecure: Waives it.

    Raises:
        UsageError: No address, or one that is refused.
        ClusterError: No such host.
    """
    scheme, mark, place = address.rpartition("://")
    scheme = scheme if mark else "tcp"
    host, colon, port = place.rpartition(":")
    if scheme not in _SCHEMES or not host or not colon or not _is_port(port):
        raise UsageError("not an address", remedy=f"give {_SHOWN}", field="--scheduler", value=address)
    whole = f"{scheme}://{place}"
    if scheme == "tcp" and not _is_here(host.strip("[]"), whole) and not insecure:
        raise UsageError(
            "not on this machine, and not over TLS: anybody between could read and change what is run",
            remedy="give a tls:// address, or say --insecure-cluster if the network is trusted",
            field="--scheduler",
            value=address,
        )
    return whole


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 0 < int(text) < 65536


def _is_here(host: str, address: str) -> bool:
    """Whether all addresses of a host are this machine's: those that a socket can be bound to."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ClusterError(
            f"no such host ({error})", remedy="check the address", field="--scheduler", value=address
        ) from None
    return all(_can_bind(family, place) for family, _, _, _, place in found)


def _can_bind(family: int, place: tuple[Any, ...]) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.bind((place[0], 0, *place[2:]))
    except OSError:
        return False
    return True


@contextlib.contextmanager
def connected(address: str) -> Iterator[Client]:
    """Hold a connection to a scheduler that has a worker.

    Args:
        address: As `check_address` returns it.

    Raises:
        UsageError: `distributed` is not installed.
        ClusterError: Nothing answers there, or no worker is there.
    """
    try:
        from distributed import Client
    except ModuleNotFoundError:
        raise UsageError(
            "distributed is not installed", remedy="pip install farside[dist]", field="--scheduler"
        ) from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what it has to say, errors here say
    logging.getLogger("tornado").setLevel(logging.CRITICAL)
    try:
        _require_certificates(address)
        client = Client(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        words = " ".join(str(error).split())
        raise ClusterError(
            f"no scheduler to be had there ({words})",
            remedy="start one with: dask scheduler; for tls:// name its certificates in Dask's configuration",
            field="--scheduler",
            value=address,
        ) from None
    try:
        _await_worker(client, address)
        yield client
    finally:
        with contextlib.suppress(Exception):  # a scheduler that has gone
            client.close(timeout=1)


def _require_certificates(address: str) -> None:
    """Refuse TLS without certificates before a client tries, which does not clean up after itself.

    Raises:
        ValueError: Dask's configuration names none.
        OSError: One that it names cannot be read.
    """
    from distributed.security import Security

    if address.startswith("tls://") and Security().get_connection_args("client").get("ssl_context") is None:
        raise ValueError("no certificates are named")


def _await_worker(client: Client, address: str) -> None:
    until = time.monotonic() + _FIRST_WORKER_S
    while not places(client):
        if time.monotonic() > until:
            raise ClusterError(
                "the scheduler has no worker",
                remedy=f"start some with: dask worker {address}",
                field="--scheduler",
                value=address,
            )
        time.sleep(0.1)


def places(client: Client) -> int:
    """Return how many runs a cluster would begin at once; 0 where it has no worker, or the scheduler has gone."""
    try:
        return sum(client.nthreads().values())
    except Exception:  # of many kinds, by how the connection was lost
        return 0
