"""Extended properties: the key of one, and the t:ExtendedFieldURI that names it.

A key is the attributes of the ExtendedFieldURI in their order in the schema but for the type, which
is last: `PropertyTag=0x37 PropertyType=String`,
`DistinguishedPropertySetId=PublicStrings PropertyName=Any name PropertyType=String`.
"""

import re

from lxml import etree

from ewspush.core.errors import InvalidExtendedProperty

# [MS-OXPROPS] 1.3.2, by the names that EWS has for them (ExtendedFieldURI, EWS XML reference).
_NAME_OF_SET = {
    "6ed8da90-450b-101b-98da-00aa003f1305": "Meeting",
    "00062002-0000-0000-c000-000000000046": "Appointment",
    "00062008-0000-0000-c000-000000000046": "Common",
    "00020329-0000-0000-c000-000000000046": "PublicStrings",
    "00062004-0000-0000-c000-000000000046": "Address",
    "00020386-0000-0000-c000-000000000046": "InternetHeaders",
    "11000e07-b51b-40d6-af21-caa85edab1d0": "CalendarAssistant",
    "4442858e-a9e3-4e80-b900-317a210cc15b": "UnifiedMessaging",
    "00062003-0000-0000-c000-000000000046": "Task",
    "00062040-0000-0000-c000-000000000046": "Sharing",
}

_FOR_REPORTING_ONLY = {"Error", "Null", "Object", "ObjectArray"}
_CUSTOM_TAGS = range(0x8000, 0xFFFF)  # given out by a database: they mean nothing elsewhere

_KEY = re.compile(
    r"(?:PropertyTag=(?P<PropertyTag>\S+)"
    r"|(?:DistinguishedPropertySetId=(?P<DistinguishedPropertySetId>\S+)"
    r"|PropertySetId=(?P<PropertySetId>\S+))"
    r" (?:PropertyId=(?P<PropertyId>\S+)|PropertyName=(?P<PropertyName>.*)))"
    r" PropertyType=(?P<PropertyType>\w+)",
    re.DOTALL,
)


def key_of(uri: etree._Element) -> str:
    """The key of the property in an ExtendedFieldURI, the same for every way of writing it.

    Raises InvalidExtendedProperty.
    """
    return canonical(key_as_written(uri))


def key_as_written(uri: etree._Element) -> str:
    """The key, with the property set by name or by GUID as it is in the ExtendedFieldURI.

    A client finds the property in an answer only under the attributes that it asked for. Raises
    InvalidExtendedProperty.
    """
    given = {str(name): str(value) for name, value in uri.attrib.items()}
    kind = given.pop("PropertyType", "")
    if kind in _FOR_REPORTING_ONLY:
        raise InvalidExtendedProperty(f"The property type {kind} is for reporting only.")
    match sorted(given.items()):
        case [("PropertyTag", tag)]:
            return f"PropertyTag={_tag(tag):#x} PropertyType={kind}"
        case [("DistinguishedPropertySetId", set_name), (("PropertyId" | "PropertyName"), _)]:
            property_set = f"DistinguishedPropertySetId={set_name}"
        case [(("PropertyId" | "PropertyName"), _), ("PropertySetId", guid)]:
            property_set = f"PropertySetId={guid.lower()}"
        case _:
            raise InvalidExtendedProperty
    if "PropertyId" in given:
        return f"{property_set} PropertyId={int(given['PropertyId'])} PropertyType={kind}"
    return f"{property_set} PropertyName={given['PropertyName']} PropertyType={kind}"


def canonical(key: str) -> str:
    """The key with a property set that has a name by its name."""
    property_set, _, rest = key.partition(" ")
    name = _NAME_OF_SET.get(property_set.removeprefix("PropertySetId="))
    return f"DistinguishedPropertySetId={name} {rest}" if name else key


def attributes(key: str) -> dict[str, str]:
    """What an ExtendedFieldURI of this key holds. Raises ValueError if it is no key."""
    match = _KEY.fullmatch(key)
    if match is None:
        raise ValueError(f"not the key of an extended property: {key}")
    return {name: value for name, value in match.groupdict().items() if value is not None}


def _tag(text: str) -> int:
    """Hexadecimal or decimal; the custom range is refused (ExtendedFieldURI)."""
    tag = int(text, 16 if text.lower().startswith("0x") else 10)
    if tag in _CUSTOM_TAGS:
        raise InvalidExtendedProperty("A property in the custom range cannot be named by its tag.")
    return tag
