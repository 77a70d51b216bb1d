"""Who may use the control API: it has no passwords, so that only those who are near may."""

from collections.abc import Sequence
from http import HTTPStatus

from ewspush.emulator.api.errors import ApiError
from ewspush.endpoint.http import BoundedRequest
from ewspush.endpoint.local_hosts import is_loopback_host
from ewspush.endpoint.monitoring import Readers
from ewspush.settings import Network

_REMOTE = ", without a proxy, unless it was started with --allow-remote"
_NEAR: Sequence[Network] = ()


class Callers:
    """Loopback, by a name of loopback; all, if `allow_remote`.

    A name of somebody else's may lead to loopback (DNS rebinding), and a browser sends what other
    sites' pages ask for: such requests have another Host or Origin than ours, and are refused.
    """

    def __init__(self, *, allow_remote: bool) -> None:
        self._allow_remote = allow_remote
        self._near = Readers(_NEAR, behind_proxy=False)

    def check(self, request: BoundedRequest) -> None:
        """Raises ApiError (403) for a request that is not one of theirs."""
        host = request.field(b"host") or ""
        if not self._allow_remote:
            if not self._near.include(request):
                raise _refused(f"the control API is for clients on this machine{_REMOTE}")
            if not is_loopback_host(host):
                raise _refused(f"the Host should be localhost, 127.0.0.1 or [::1]{_REMOTE}")
        origin = request.field(b"origin")
        if origin is not None and origin.partition("://")[2].lower() != host.lower():
            raise _refused("pages of other sites may not use the control API")


def _refused(text: str) -> ApiError:
    return ApiError(HTTPStatus.FORBIDDEN, text)
