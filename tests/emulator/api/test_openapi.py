"""The description of the control API: valid, and of just what there is."""

import re

import pytest_twisted
import schemathesis

from ewspush.emulator.api import openapi
from ewspush.emulator.api.table import ROUTES

DOCUMENT = openapi.document(ROUTES)


def operations():
    return {
        (method.upper(), path): operation
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    }


@pytest_twisted.ensureDeferred
async def test_it_is_told(api):
    assert await api.get("/openapi.json") == DOCUMENT


def test_it_is_valid_openapi_3_1():
    assert DOCUMENT["openapi"].startswith("3.1.")
    schemathesis.openapi.from_dict(DOCUMENT).validate()


def test_its_operations_are_just_the_routes():
    assert set(operations()) == {(each.method, f"/emulator{each.path}") for each in ROUTES}


def test_operations_have_names_of_their_own_and_are_described():
    names = [each["operationId"] for each in operations().values()]
    assert len({*names}) == len(names) == len(ROUTES)
    assert all(re.fullmatch("[a-z_]+[a-z]", name) for name in names)
    assert all(each["summary"] and each["tags"] for each in operations().values())


def test_every_name_in_a_path_is_a_parameter():
    for (_, path), operation in operations().items():
        named = [each["name"] for each in operation["parameters"] if each["in"] == "path"]
        assert named == re.findall(r"\{(\w+)\}", path)


def test_every_reference_leads_somewhere():
    text = str(DOCUMENT)
    there = DOCUMENT["components"]["schemas"]
    assert {*re.findall(r"#/components/schemas/(\w+)", text)} == {*there}


def test_nothing_unknown_is_taken_or_told():
    for name, schema in DOCUMENT["components"]["schemas"].items():
        if schema.get("type") == "object":
            assert schema["additionalProperties"] is False, name


def test_all_refusals_look_alike():
    for operation in operations().values():
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                (content,) = answer["content"].values()
                assert content["schema"] == {"$ref": "#/components/schemas/Error"}
