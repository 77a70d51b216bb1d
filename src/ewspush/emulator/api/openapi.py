"""The description of the control API, made from the table of its routes (OpenAPI 3.1.0)."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from pydantic import TypeAdapter

import ewspush
from ewspush.emulator.api.models.common import Error
from ewspush.emulator.api.routing import MAIL, Route

_REFS = "#/components/schemas/{model}"
_JSON = "application/json"
_IN_PATH = {
    "address": {"type": "string", "minLength": 3, "maxLength": 320},
    "id": {"type": "string", "minLength": 1, "maxLength": 64},
}
_REASONS = {
    HTTPStatus.BAD_REQUEST: "A value is missing or wrong.",
    HTTPStatus.FORBIDDEN: "The client is not on this machine, or a page of another site.",
    HTTPStatus.NOT_FOUND: "There is no such thing.",
    HTTPStatus.CONFLICT: "This is not possible now.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body has another Content-Type than it should.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Too many large requests at once.",
    HTTPStatus.GATEWAY_TIMEOUT: "It did not happen in that time.",
}

Json = dict[str, Any]


def document(routes: Iterable[Route]) -> Json:
    """The whole description."""
    routes = list(routes)
    schemas = _Schemas(routes)
    paths: dict[str, Json] = {}
    for route in routes:
        at = paths.setdefault(f"/emulator{route.path}", {})
        at[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ewspush emulator",
            "version": ewspush.__version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": "Drives an EWS server in memory: its time, its mailboxes, its faults."
            " Times are UTC with milliseconds.",
        },
        "tags": [{"name": name} for name in dict.fromkeys(route.tag for route in routes)],
        "paths": paths,
        "components": {"schemas": schemas.all},
    }


class _Schemas:
    """The schemas of all that is given and told."""

    def __init__(self, routes: Iterable[Route]) -> None:
        given = {id(each.body): each.body for each in routes if each.body is not None}
        told = {id(each.answer): each.answer for each in routes if each.answer is not None}
        told[id(Error)] = Error
        self._by_type, definitions = TypeAdapter.json_schemas(
            [
                *((key, "validation", TypeAdapter(type_)) for key, type_ in given.items()),
                *((key, "serialization", TypeAdapter(type_)) for key, type_ in told.items()),
            ],
            ref_template=_REFS,
        )
        self.all: Json = definitions["$defs"]

    def given(self, type_: Any) -> Mapping[str, Any]:
        return self._by_type[(id(type_), "validation")]

    def told(self, type_: Any) -> Mapping[str, Any]:
        return self._by_type[(id(type_), "serialization")]


def _operation(route: Route, schemas: _Schemas) -> Json:
    operation: Json = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [route.tag],
        "parameters": [*map(_in_path, route.parameters), *_in_query(route)],
        "responses": {
            str(route.status.value): _answer(route, schemas),
            **{str(status.value): _refusal(status, schemas) for status in _refusals(route)},
        },
    }
    if route.body is not None:
        content: Json = {_JSON: {"schema": schemas.given(route.body)}}
        if route.takes_mail:
            content[MAIL] = {"schema": {"type": "string", "minLength": 1}}
        operation["requestBody"] = {"required": route.is_body_needed, "content": content}
    return operation


def _in_path(name: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": _IN_PATH[name]}


def _in_query(route: Route) -> list[Json]:
    schema = route.query.model_json_schema(ref_template=_REFS)
    return [
        {"name": name, "in": "query", "required": False, "schema": _without_null(each)}
        for name, each in schema["properties"].items()
    ]


def _without_null(schema: Json) -> Json:
    """What a query can say: to leave a parameter out is its null."""
    own = {key: value for key, value in schema.items() if key != "default" or value is not None}
    choices = own.pop("anyOf", [])
    for each in choices:
        if each != {"type": "null"}:
            own |= each
    return own


def _answer(route: Route, schemas: _Schemas) -> Json:
    described: Json = {"description": route.status.phrase}
    if route.answer is not None:
        described["content"] = {_JSON: {"schema": schemas.told(route.answer)}}
    return described


def _refusals(route: Route) -> list[HTTPStatus]:
    statuses = {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, *route.errors}
    if route.parameters:
        statuses.add(HTTPStatus.NOT_FOUND)
    statuses |= {
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.SERVICE_UNAVAILABLE,
    }
    return sorted(statuses)


def _refusal(status: HTTPStatus, schemas: _Schemas) -> Json:
    content = {_JSON: {"schema": schemas.told(Error)}}
    return {"description": _REASONS[status], "content": content}
