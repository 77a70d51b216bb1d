"""The URL of EWS, as clients are told it."""

import re

from ewspush.endpoint.http import BoundedRequest

_PATH = "/EWS/Exchange.asmx"

# RFC 3986, 3.2, without user information: nothing that ends a host or begins anything else.
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~%!$&'()*+,;=-]+)(?::[0-9]{1,5})?")
_LONGEST_HOST = 261  # characters: a name, a colon and a port


class UnknownHost(ValueError):
    """The request does not say by which host it came."""


class ServiceUrl:
    """Where clients reach EWS.

    That is a setting; without it, where the client reached us already: what it sent its password
    to. A Host header is part of what the client itself said, and is told to that client alone.
    """

    def __init__(self, public_url: str, tls_at_proxy: bool) -> None:
        self._public_url = public_url
        self._tls_at_proxy = tls_at_proxy

    def of(self, request: BoundedRequest) -> str:
        """The URL for the client that sent this request. Raises UnknownHost."""
        return self.base_of(request) + _PATH

    def base_of(self, request: BoundedRequest) -> str:
        """What all URLs of this server begin with, without a slash. Raises UnknownHost."""
        if self._public_url:
            return self._public_url
        host = request.field(b"host") or ""
        if len(host) > _LONGEST_HOST or not _HOST.fullmatch(host):
            raise UnknownHost("The Host of the request is not one.")
        scheme = "https" if request.isSecure() or self._tls_at_proxy else "http"
        return f"{scheme}://{host}"
