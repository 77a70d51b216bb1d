"""Valid documents made by walking the definitions of a schema."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from lxml import etree

from support.schemas import MESSAGES, TYPES

XS = "{http://www.w3.org/2001/XMLSchema}"
PARTICLES = {XS + name for name in ("sequence", "choice", "element", "any")}
DEFAULTS = {"minOccurs": "1", "maxOccurs": "1", "use": "optional", "abstract": "false"}
REFERENCES = {"type", "base", "ref", "substitutionGroup", "memberTypes"}
UNORDERED = {XS + "choice", XS + "restriction"}

Draw = Callable[[st.SearchStrategy[Any]], Any]
Description = tuple[Any, ...]
LeftOut = Callable[[str, str], bool]

# Valid forms of the built-in types that EWS uses; bounds and minLength choose among them.
VALUES = {
    "string": ("", " ", "some text", "<Ünïcode> & more", "PT1H"),
    "int": ("-2147483648", "-1", "0", "1", "1440", "2147483647"),
    "unsignedShort": ("0", "65535"),
    "boolean": ("true", "false", "1", "0"),
    "dateTime": ("2018-02-02T15:15:14Z", "2018-02-02T15:15:14.123+01:00"),
    "duration": ("PT0S", "-P1DT2H", "P1Y"),
    "language": ("en-US", "de"),
}


class Definitions:
    """The global definitions in `types.xsd` and `messages.xsd` of a folder.

    Elements of a type for which `left_out(type, element)` is true are taken as not there.
    """

    def __init__(self, folder: Path, left_out: LeftOut = lambda _type, _element: False) -> None:
        self.elements: dict[str, etree._Element] = {}
        self.types: dict[str, etree._Element] = {}
        for file in ("types.xsd", "messages.xsd"):
            schema = etree.parse(folder / file, etree.XMLParser(remove_comments=True)).getroot()
            etree.strip_elements(schema, XS + "annotation")
            for definition in schema.iterfind(f"{XS}*[@name]"):
                name = definition.attrib["name"]
                for element in list(definition.iterfind(f".//{XS}element[@name]")):
                    if left_out(name, element.attrib["name"]):
                        _detach(element)
                kind = self.elements if definition.tag == XS + "element" else self.types
                kind[f"{{{schema.attrib['targetNamespace']}}}{name}"] = definition

    def substitutes(self, head: str) -> list[str]:
        """What may stand where the element `head` is referred to."""
        members = [
            name
            for name, element in self.elements.items()
            if qualified(element, "substitutionGroup") == head
        ]
        return members if self.elements[head].get("abstract") == "true" else [head, *members]

    def described(self, name: str) -> tuple[Description | None, Description | None]:
        """The global element and type of a name, equal for equal meanings in any layout."""
        element, kind = self.elements.get(name), self.types.get(name)
        return (
            None if element is None else _describe(element),
            None if kind is None else _describe(kind),
        )


def _detach(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def qualified(node: etree._Element, attribute: str) -> str:
    """The QName in an attribute of a definition as {namespace}name, or "" when it is absent."""
    prefix, _, name = node.get(attribute, "").rpartition(":")
    return f"{{{node.nsmap[prefix]}}}{name}" if name else ""


def _describe(definition: etree._Element) -> Description:
    attributes = [
        (name, qualified(definition, name) if name in REFERENCES else value)
        for name, value in definition.attrib.items()
        if name != "id" and DEFAULTS.get(name) != value
    ]
    parts = [_describe(child) for child in definition]
    parts = [part for part in parts if part != (XS + "sequence", (), ())]
    if definition.tag in UNORDERED:
        parts = sorted(set(parts))
    return definition.tag, tuple(sorted(attributes)), tuple(parts)


@st.composite
def documents(draw: Draw, definitions: Definitions, names: list[str]) -> etree._Element:
    """A valid document with one of the named global elements as its root."""
    return _Writer(draw, definitions).element(draw(st.sampled_from(names)))


class _Writer:
    def __init__(self, draw: Draw, definitions: Definitions) -> None:
        self._draw = draw
        self._definitions = definitions

    def element(self, name: str) -> etree._Element:
        return self._declared(name, self._definitions.elements[name])

    def _declared(self, name: str, declaration: etree._Element) -> etree._Element:
        written = etree.Element(name, nsmap={"m": MESSAGES, "t": TYPES})
        self._fill(written, self._type_of(declaration, "type"))
        return written

    def _type_of(self, node: etree._Element, attribute: str) -> etree._Element | str:
        """A definition, or the name of a built-in type."""
        name = qualified(node, attribute)
        if not name:
            return next(child for child in node if str(child.tag).endswith("Type"))
        return name.removeprefix(XS) if name.startswith(XS) else self._definitions.types[name]

    def _fill(self, written: etree._Element, kind: etree._Element | str) -> None:
        if isinstance(kind, str) or kind.tag == XS + "simpleType":
            written.text = self._value(kind)
            return
        derivation = kind.find(f"{XS}*/{XS}extension")
        if derivation is not None:
            self._fill(written, self._type_of(derivation, "base"))
        for part in kind if derivation is None else derivation:
            if part.tag in PARTICLES:
                self._particle(written, part)
            elif part.tag == XS + "attribute":
                self._attribute(written, part)

    def _attribute(self, written: etree._Element, declaration: etree._Element) -> None:
        if declaration.get("use") == "required" or self._draw(st.booleans()):
            written.set(declaration.attrib["name"], self._value(self._type_of(declaration, "type")))

    def _particle(self, parent: etree._Element, particle: etree._Element) -> None:
        least = int(particle.get("minOccurs", "1"))
        most = particle.get("maxOccurs", "1")
        times = st.integers(least, least + 2 if most == "unbounded" else int(most))
        for _ in range(self._draw(times)):
            self._once(parent, particle)

    def _once(self, parent: etree._Element, particle: etree._Element) -> None:
        if particle.tag == XS + "sequence":
            for child in particle:
                self._particle(parent, child)
        elif particle.tag == XS + "choice":
            self._particle(parent, self._draw(st.sampled_from(list(particle))))
        elif particle.tag == XS + "any":
            parent.append(self.element(f"{{{TYPES}}}Value"))
        elif particle.get("ref"):
            substitutes = self._definitions.substitutes(qualified(particle, "ref"))
            parent.append(self.element(self._draw(st.sampled_from(substitutes))))
        else:
            space = particle.getroottree().getroot().get("targetNamespace")
            parent.append(self._declared(f"{{{space}}}{particle.get('name')}", particle))

    def _value(self, kind: etree._Element | str) -> str:
        if isinstance(kind, str):
            return str(self._draw(st.sampled_from(VALUES[kind])))
        union = kind.find(XS + "union")
        if union is not None:
            members: list[etree._Element | str] = [*union, self._type_of(union, "memberTypes")]
            return self._value(self._draw(st.sampled_from(members)))
        enumeration = kind.xpath(".//@value[parent::*[local-name() = 'enumeration']]")
        if enumeration:
            return str(self._draw(st.sampled_from(enumeration)))
        pattern = kind.find(f".//{XS}pattern")
        if pattern is not None:
            return str(self._draw(st.from_regex(pattern.attrib["value"], fullmatch=True)))
        return self._bounded(kind[0])

    def _bounded(self, restriction: etree._Element) -> str:
        base = self._type_of(restriction, "base")
        if not isinstance(base, str):
            return self._value(base)
        facets = {etree.QName(facet).localname: int(facet.attrib["value"]) for facet in restriction}
        allowed = [
            value
            for value in VALUES[base]
            if len(value) >= facets.get("minLength", 0)
            and (base != "int" or int(value) >= facets.get("minInclusive", int(value)))
            and (base != "int" or int(value) <= facets.get("maxInclusive", int(value)))
        ]
        return str(self._draw(st.sampled_from(allowed)))
