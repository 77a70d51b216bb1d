"""Names by which a client reaches this machine from itself."""

import re
from ipaddress import ip_address

_HOST = re.compile(r"(?:\[(?P<ipv6>[0-9a-f:.]+)\]|(?P<name>[^:\[\]]+))(?::[0-9]{1,5})?", re.I)


def is_loopback_host(host: str) -> bool:
    """Whether a Host, perhaps with a port, is loopback.

    A name of somebody else's may lead to loopback, too (DNS rebinding): that is none of ours.
    """
    parts = _HOST.fullmatch(host)
    if parts is None:
        return False
    if (parts["name"] or "").lower() == "localhost":
        return True
    try:
        address = ip_address(parts["ipv6"] or parts["name"])
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
