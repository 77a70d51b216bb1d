"""Bounds on guessing the passwords of administrators."""

from collections import OrderedDict
from collections.abc import Callable
from ipaddress import AddressValueError, IPv6Address, IPv6Network

WITHIN_S = 300.0
MOST_OF_ONE = 5  # failures of a name from an address
MOST_FROM_ONE = 50  # failures of any names from an address, which may be that of a proxy
REMEMBERED = 10_000
_NETWORK_BITS = 64


class LoginAttempts:
    """Remembers failures for five minutes. For one thread."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        # When each failed, by who it was; those who failed last come last.
        self._failures: OrderedDict[tuple[str, ...], list[float]] = OrderedDict()

    def may_try(self, origin: str, name: str) -> bool:
        """Whether a password is looked at that comes from this address."""
        of_one, from_one = (self._recent(key) for key in _keys(origin, name))
        return of_one < MOST_OF_ONE and from_one < MOST_FROM_ONE

    def failed(self, origin: str, name: str) -> None:
        """A password was wrong, or is being looked at: many at once are no way around."""
        now_s = self._seconds()
        for key in _keys(origin, name):
            times = self._failures.pop(key, [])
            self._failures[key] = [*times[-MOST_FROM_ONE:], now_s]
        while len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)

    def succeeded(self, origin: str, name: str) -> None:
        """It was right: nothing that this name has failed by counts any more."""
        of_one, from_one = _keys(origin, name)
        for _ in self._failures.pop(of_one, ()):
            self._forget_last(from_one)

    def withdrawn(self, origin: str, name: str) -> None:
        """It was not looked at after all."""
        for key in _keys(origin, name):
            self._forget_last(key)

    def _forget_last(self, key: tuple[str, ...]) -> None:
        if times := self._failures.get(key):
            times.pop()

    def _recent(self, key: tuple[str, ...]) -> int:
        since_s = self._seconds() - WITHIN_S
        return sum(at_s > since_s for at_s in self._failures.get(key, ()))


def _keys(origin: str, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    network = _network(origin)
    return (network, name), (network,)


def _network(origin: str) -> str:
    """What one guesser has at least: an IPv4 address, or 64 bits of IPv6 addresses."""
    try:
        address = IPv6Address(origin.partition("%")[0])
    except AddressValueError:
        return origin
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Network((address, _NETWORK_BITS), strict=False))
