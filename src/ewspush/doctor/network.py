"""What addresses and connections mean, before anything is posted."""

from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from ewspush.doctor.findings import Judgement, ok, problem, warning
from ewspush.doctor.redaction import shown
from ewspush.push.address_policy import AddressPolicy, Target, UrlRefused
from ewspush.settings import Network

_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
_SHOWN = 8  # addresses


class Policies:
    """What a server with these settings allows, and what the doctor does: loopback, too.

    The responder of a developer is on the developer's machine.
    """

    def __init__(self, callback_allow: Sequence[Network]) -> None:
        self.server = AddressPolicy(callback_allow)
        self.doctor = AddressPolicy((*callback_allow, *_LOOPBACK))


class Connected(NamedTuple):
    """A try to connect to an address."""

    address: str
    ms: float | None  # None: it failed
    why: str = ""


def is_loopback(address: str) -> bool:
    return any(ip_address(address) in network for network in _LOOPBACK)


def judge_url(url: str, policies: Policies) -> tuple[Target | None, Judgement]:
    """The URL as the server reads it, if it may be called at all."""
    try:
        target = policies.doctor.judge(url)
    except UrlRefused as error:
        return None, problem(str(error))
    return target, ok(f"{shown(target.url)} is well-formed")


def host_and_port(target: Target) -> tuple[str, int]:
    """An IPv6 address without its brackets."""
    host, _, port = target.origin.partition("://")[2].rpartition(":")
    return host.strip("[]"), int(port)


def judge_addresses(addresses: Sequence[str], policies: Policies) -> tuple[list[str], Judgement]:
    """Those that may be connected to here, and what the server would say of all."""
    usable = [each for each in addresses if policies.doctor.refusal(each) is None]
    refusals = list(filter(None, map(policies.server.refusal, addresses)))
    if not refusals:
        return usable, ok(_listed(addresses))
    reasons = _listed(refusals)
    if not usable:
        return usable, problem(
            f"a server with these settings does not call it: {reasons}",
            "delivery.callback_allow lists the networks that are called all the same, as in"
            " EWSPUSH_DELIVERY_CALLBACK_ALLOW=10.0.0.0/8.",
        )
    if len(refusals) == len(addresses):
        return usable, warning(
            f"a server with these settings would not call it: {reasons}; it is examined all the"
            " same",
            "To try things out on one machine, run the server with"
            " EWSPUSH_DELIVERY_CALLBACK_ALLOW=127.0.0.0/8,::1/128 (delivery.callback_allow).",
        )
    return usable, warning(
        f"{_listed(addresses)}, of which the server does not call all: {reasons}",
        "Let the name have only addresses that may be called.",
    )


def of_failed_lookup(host: str, why: str) -> Judgement:
    """A name without an address."""
    return problem(
        f"{host} has no address ({why})", "Is the name right, and known to the DNS of the server?"
    )


def of_connections(tries: Sequence[Connected]) -> Judgement:
    """One try for each address."""
    good = [each for each in tries if each.ms is not None]
    bad = [each for each in tries if each.ms is None]
    failures = _listed([f"{each.address}: {each.why}" for each in bad])
    if not good:
        return problem(
            f"nothing can be connected to ({failures})",
            "Is the responder running, at this port, and does a firewall let the server through?",
        )
    text = _listed([f"{each.address} in {each.ms:.1f} ms" for each in good])
    if all(is_loopback(each.address) for each in bad):  # localhost has two, and listens on one
        return ok(text)
    return warning(
        f"{text}, but not all ({failures})",
        "The server tries one after the other, which takes time: mend or remove those addresses.",
    )


def _listed(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return ", ".join(texts[:_SHOWN]) + more
