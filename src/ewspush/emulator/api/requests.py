"""Reading requests: what is in their path, their query and their body."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError
from twisted.python.failure import Failure

from ewspush.emulator.api.errors import ApiError, of_validation
from ewspush.emulator.api.models.common import Nothing
from ewspush.emulator.api.routing import MAIL, Call, Route
from ewspush.endpoint.http import BoundedRequest

_JSON = "application/json"


def segments(request: BoundedRequest) -> list[str]:
    """The path below /emulator, which Twisted has split and unquoted."""
    try:
        return [each.decode() for each in request.postpath or [b""]]
    except UnicodeDecodeError:
        raise ApiError(HTTPStatus.NOT_FOUND, "the path should be UTF-8") from None


def read(route: Route, path: Mapping[str, str], request: BoundedRequest) -> Call[Any, Any]:
    """What a request says. Raises ApiError."""
    return Call(path, _query(route, request), _body(route, request), _on_gone(request))


def _query(route: Route, request: BoundedRequest) -> Any:
    args: Mapping[bytes, list[bytes]] = request.args
    values: dict[str, str] = {}
    for name, given in args.items():
        key = name.decode("utf-8", "replace")
        if len(given) > 1:
            raise ApiError(HTTPStatus.BAD_REQUEST, f"{key} is given more than once", key)
        try:
            values[key] = given[0].decode()
        except UnicodeDecodeError:
            raise ApiError(HTTPStatus.BAD_REQUEST, f"{key} should be UTF-8", key) from None
    try:
        return route.query.model_validate(values)
    except ValidationError as error:
        raise of_validation(error, route.query) from None


def _body(route: Route, request: BoundedRequest) -> Any:
    if request.body_is_too_large:
        text = f"the body should have {request.site.body_limit} bytes at most"
        raise ApiError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text)
    if request.is_crowded_out:
        text = "too many large requests at once: try again"
        raise ApiError(HTTPStatus.SERVICE_UNAVAILABLE, text)
    body = request.body
    if not body and (route.body is None or not route.is_body_needed):
        return route.body_adapter.validate_python({})
    if _media_type(route, request) == MAIL:
        return body
    try:
        return route.body_adapter.validate_json(body)
    except ValidationError as error:
        raise of_validation(error, route.body or Nothing) from None


def _media_type(route: Route, request: BoundedRequest) -> str:
    """That of a body. Pages of other sites cannot post these without being asked about it."""
    allowed = [_JSON, *([MAIL] if route.takes_mail else [])]
    media_type, _, parameters = (request.field(b"content-type") or "").partition(";")
    media_type = media_type.strip().lower()
    charset = parameters.partition("charset=")[2].strip(' "').lower()
    is_utf_8 = media_type == MAIL or charset in ("", "utf-8", "utf8", "us-ascii")
    if media_type not in allowed or not is_utf_8:
        text = f"the Content-Type of a body should be {' or '.join(allowed)}, which is UTF-8"
        raise ApiError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, text)
    if (request.field(b"content-encoding") or "identity").lower() != "identity":
        raise ApiError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Content-Encoding is not supported")
    return media_type


def _on_gone(request: BoundedRequest) -> Callable[[Callable[[], None]], None]:
    def on_gone(then: Callable[[], None]) -> None:
        def gone(_: Failure) -> None:
            then()

        if request.is_lost:
            then()
        else:
            request.notifyFinish().addErrback(gone)

    return on_gone
