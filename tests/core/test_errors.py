"""Errors for the client."""

import re

import pytest

from ewspush.core.errors import EwsError

ERRORS = EwsError.__subclasses__()


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_an_error_has_the_response_code_of_its_name_and_a_text(error: type[EwsError]) -> None:
    assert error.response_code == f"Error{error.__name__}"
    assert re.fullmatch(r"[A-Z][^\n]+\.", str(error()))
    assert str(error("Why not.")) == "Why not."
