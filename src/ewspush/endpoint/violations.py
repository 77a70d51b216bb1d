"""Violations of the contracts in the words of Exchange, which are those of .NET's validator."""

import re

from lxml import etree

from ewspush.endpoint.contract import SchemaError
from ewspush.wire.soap import Violation, in_words

_LONGEST_VALUE = 100  # characters of the request that are repeated
_SECRETS = {"Password", "NewPassword"}  # elements of which nothing is repeated

# What libxml2 says, and what is said instead. The order counts: the first that matches is taken.
_ABOUT = re.compile(r"Element '.*?'(?:, attribute '(?P<attribute>.*?)')?: (?P<what>.*)", re.DOTALL)
_TAG = re.compile(r"{[^}]*}[\w.-]+")
_EXPECTED = r"(?: Expected is (?:one of )?\( (?P<expected>.*) \)\.)?"
_WORDINGS = tuple(
    (re.compile(pattern, re.DOTALL), wording)
    for pattern, wording in (
        (
            rf"This element is not expected\.{_EXPECTED}",
            "The element {parent} has invalid child element {element}.{expected}",
        ),
        (
            rf"Missing child element\(s\)\.{_EXPECTED}",
            "The element {element} has incomplete content.{expected}",
        ),
        (
            r"No matching global declaration available",
            "The element {element} is not declared.",
        ),
        (
            r"The attribute '.*' is not allowed",
            "The '{attribute}' attribute is not declared.",
        ),
        (
            r"The attribute '(?P<name>.*)' is required but missing",
            "The required attribute '{name}' is missing.",
        ),
        (
            r"Character content .*is not allowed",
            "The element {element} cannot contain text.",
        ),
        (
            r"Element content is not allowed",
            "The element {element} cannot contain child elements: it is text only.",
        ),
        (
            r"\[facet '(?P<facet>\w+)'\]",
            "{subject} is invalid - The value '{value}' is invalid - "
            "The {facet} constraint failed.",
        ),
        (
            r"'.*' is not a valid value of the \w+ type '(?P<type>[^']*)'\.$",
            "{subject} is invalid - The value '{value}' is invalid according to its datatype "
            "'{type}'.",
        ),
    )
)


def violation(error: SchemaError) -> Violation:
    """The schema error, as it is told to the client."""
    return Violation(_describe(error), error.element)


def _describe(error: SchemaError) -> str:
    if _is_secret(error.element):
        return f"The element {in_words(error.element)} is invalid."
    about = _ABOUT.fullmatch(error.message)
    assert about is not None, "every error is about an element"
    for pattern, wording in _WORDINGS:
        found = pattern.match(about["what"])
        if found:
            return wording.format(**_terms(error.element, about["attribute"]), **_groups(found))
    return f"The element {in_words(error.element)} is invalid - {about['what']}"


def _terms(element: etree._Element, attribute: str | None) -> dict[str, str]:
    parent = element.getparent()
    value = (element.get(attribute) if attribute else element.text) or ""
    name = _with_colon(attribute or "")
    subject = f"'{name}' attribute" if attribute else f"element {in_words(element)}"
    return {
        "element": in_words(element),
        "parent": "" if parent is None else in_words(parent),
        "attribute": name,
        "subject": f"The {subject}",
        "value": value if len(value) <= _LONGEST_VALUE else f"{value[:_LONGEST_VALUE]}...",
    }


def _groups(found: re.Match[str]) -> dict[str, str]:
    groups = {name: text or "" for name, text in found.groupdict().items()}
    if groups.get("expected"):
        names = ", ".join(map(in_words, _TAG.findall(groups["expected"])))
        groups["expected"] = f" List of possible elements expected: {names}."
    if "facet" in groups:
        groups["facet"] = groups["facet"][0].upper() + groups["facet"][1:]
    if "type" in groups:
        groups["type"] = _with_colon(groups["type"])
    return groups


def _is_secret(element: etree._Element) -> bool:
    """Whether the element is a password, or in one."""
    around = (element, *element.iterancestors())
    return any(etree.QName(each).localname in _SECRETS for each in around)


def _with_colon(name: str) -> str:
    return name.replace("{", "").replace("}", ":")
