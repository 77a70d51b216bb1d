"""Valid documents made by walking the definitions of a schema."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from lxml import etree

from support.schemas import MESSAGES, TYPES

XS = "{http://www.w3.org/2001/XMLSchema}"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
PARTICLES = {XS + name for name in ("sequence", "choice", "element", "any")}
DEFAULTS = {"minOccurs": "1", "maxOccurs": "1", "use": "optional", "abstract": "false"}
REFERENCES = {"type", "base", "ref", "substitutionGroup", "memberTypes", "itemType"}
UNORDERED = {XS + "choice", XS + "restriction"}

Draw = Callable[[st.SearchStrategy[Any]], Any]
Description = tuple[Any, ...]
LeftOut = Callable[[str, str], bool]

# How large a document grows: how many elements may have what they can do without, and how much
# of it one of them has.
_ROOM = 40
_OPTIONAL = 9

# Valid forms of the built-in types that EWS uses; bounds and minLength choose among them.
VALUES = {
    "string": ("", " ", "some text", "<Ünïcode> & more", "PT1H"),
    "int": ("-2147483648", "-1", "0", "1", "30", "512", "1440", "1525252321", "2147483647"),
    "long": ("-9223372036854775808", "0", "9223372036854775807"),
    "unsignedShort": ("0", "65535"),
    "double": ("0", "-1.5E-3", "INF", "NaN"),
    "boolean": ("true", "false", "1", "0"),
    "dateTime": ("2018-02-02T15:15:14Z", "2018-02-02T15:15:14.123+01:00"),
    "date": ("2018-02-02", "2018-02-02Z"),
    "time": ("02:00:00", "02:00:00.0000000"),
    "duration": ("PT0S", "-P1DT2H", "P1Y"),
    "language": ("en-US", "de"),
    "base64Binary": ("", "AAAAAAAAAAA=", "YQ =="),
    "anyURI": ("", "http://www.example.com/?a=1"),
}


class Definitions:
    """The global definitions in `types.xsd` and `messages.xsd` of a folder, and their parts.

    Elements of a type for which `left_out(type, element)` is true are taken as not there, and
    groups as written out where they are referred to.
    """

    def __init__(self, folder: Path, left_out: LeftOut = lambda _type, _element: False) -> None:
        self.elements: dict[str, etree._Element] = {}
        self.types: dict[str, etree._Element] = {}
        groups: dict[str, etree._Element] = {}
        kinds = {XS + "element": self.elements, XS + "group": groups}
        kinds[XS + "attributeGroup"] = groups
        for file in ("types.xsd", "messages.xsd"):
            for name, definition in _definitions(folder / file, left_out):
                kinds.get(str(definition.tag), self.types)[name] = definition
        for definition in self.types.values():
            _write_out_groups(definition, groups)

    def substitutes(self, head: str) -> list[str]:
        """What may stand where the element `head` is referred to."""
        members = [
            name
            for name, element in self.elements.items()
            if qualified(element, "substitutionGroup") == head
        ]
        return members if self._is_abstract(head) else [head, *members]

    def _is_abstract(self, head: str) -> bool:
        element = self.elements[head]
        kind = self.types.get(qualified(element, "type"))
        return any(each is not None and each.get("abstract") == "true" for each in (element, kind))

    def concrete(self, base: str) -> list[str]:
        """The types that are not abstract among one and those that extend or restrict it."""
        derived = [
            name
            for name, kind in self.types.items()
            for derivation in _derivations(kind)
            if qualified(derivation, "base") == base
        ]
        below = [name for each in derived for name in self.concrete(each)]
        return below if self.types[base].get("abstract") == "true" else [base, *below]

    def contains(self, name: str, head: str) -> bool:
        """Whether an element refers to `head` in its type or in a type that this derives from."""
        kind = self.types.get(qualified(self.elements[name], "type"))
        while kind is not None:
            if any(qualified(part, "ref") == head for part in kind.iter(XS + "element")):
                return True
            bases = [qualified(derivation, "base") for derivation in _derivations(kind)]
            kind = self.types.get(bases[0]) if bases else None
        return False

    def described(self, name: str) -> tuple[Description | None, Description | None]:
        """The global element and type of a name, equal for equal meanings in any layout."""
        element, kind = self.elements.get(name), self.types.get(name)
        return (
            None if element is None else _describe(element),
            None if kind is None else _describe(kind),
        )


def _definitions(file: Path, left_out: LeftOut) -> Iterator[tuple[str, etree._Element]]:
    schema = etree.parse(file, etree.XMLParser(remove_comments=True)).getroot()
    etree.strip_elements(schema, XS + "annotation")
    for part in schema.iterfind(XS + "include"):
        yield from _definitions(file.parent / part.attrib["schemaLocation"], left_out)
    for definition in schema.iterfind(f"{XS}*[@name]"):
        name = definition.attrib["name"]
        for element in list(definition.iterfind(f".//{XS}element[@name]")):
            if left_out(name, element.attrib["name"]):
                _detach(element)
        yield f"{{{schema.attrib['targetNamespace']}}}{name}", definition


def _detach(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _write_out_groups(definition: etree._Element, groups: dict[str, etree._Element]) -> None:
    for reference in list(definition.iter(XS + "group", XS + "attributeGroup")):
        content = [deepcopy(part) for part in groups[qualified(reference, "ref")]]
        for part in content:
            for name in {"minOccurs", "maxOccurs"} & set(reference.attrib):
                part.set(name, reference.attrib[name])
            reference.addprevious(part)
        _detach(reference)


def qualified(node: etree._Element, attribute: str) -> str:
    """The QName in an attribute of a definition as {namespace}name, or "" when it is absent."""
    prefix, _, name = node.get(attribute, "").rpartition(":")
    return f"{{{node.nsmap[prefix]}}}{name}" if name else ""


def _derivations(kind: etree._Element) -> list[etree._Element]:
    """The extension or restriction by which a complex type derives from another, if it does."""
    return [*kind.iterfind(f"{XS}*/{XS}extension"), *kind.iterfind(f"{XS}*/{XS}restriction")]


def _describe(definition: etree._Element) -> Description:
    attributes = [
        (name, qualified(definition, name) if name in REFERENCES else value)
        for name, value in definition.attrib.items()
        if name != "id" and DEFAULTS.get(name) != value
    ]
    parts = [part for child in definition for part in _plain(_describe(child))]
    if definition.tag in UNORDERED:
        parts = sorted(set(parts))
    particles = [part for part in parts if part[0] != XS + "attribute"]
    parts = particles + sorted(part for part in parts if part[0] == XS + "attribute")
    return str(definition.tag), tuple(sorted(attributes)), tuple(parts)


def _plain(described: Description) -> list[Description]:
    """A particle without the sequences and choices around it that say nothing."""
    tag, attributes, parts = described
    if tag == XS + "sequence" and not attributes:
        return list(parts)
    if tag in {XS + "sequence", XS + "choice"} and len(parts) == 1:
        [(inner, inner_attributes, inner_parts)] = parts
        if not attributes:
            return [parts[0]]
        if not {"minOccurs", "maxOccurs"} & dict(inner_attributes).keys():
            return [(inner, tuple(sorted(attributes + inner_attributes)), inner_parts)]
    return [described]


@st.composite
def documents(draw: Draw, definitions: Definitions, names: list[str]) -> etree._Element:
    """A valid document with one of the named global elements as its root."""
    return _Writer(draw, definitions).element(draw(st.sampled_from(names)))


class _Writer:
    def __init__(self, draw: Draw, definitions: Definitions) -> None:
        self._draw = draw
        self._definitions = definitions
        self._room = _ROOM

    def element(self, name: str) -> etree._Element:
        return self._declared(name, self._definitions.elements[name])

    def _declared(self, name: str, declaration: etree._Element) -> etree._Element:
        written = etree.Element(name, nsmap={"m": MESSAGES, "t": TYPES})
        kind = self._type_of(declaration, "type")
        if not isinstance(kind, str) and kind.get("abstract") == "true":
            kind = self._concrete(written, qualified(declaration, "type"))
        self._room -= 1
        self._fill(written, kind)
        return written

    def _concrete(self, written: etree._Element, abstract: str) -> etree._Element:
        name = self._draw(st.sampled_from(self._definitions.concrete(abstract)))
        written.set(XSI_TYPE, name.replace(f"{{{MESSAGES}}}", "m:").replace(f"{{{TYPES}}}", "t:"))
        return self._definitions.types[name]

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
        content = kind
        for derivation in _derivations(kind):
            content = derivation
            if derivation.tag == XS + "extension":
                self._fill(written, self._type_of(derivation, "base"))
        for part in content:
            if part.tag in PARTICLES:
                self._particle(written, part)
            elif part.tag == XS + "attribute":
                self._attribute(written, part)

    def _attribute(self, written: etree._Element, declaration: etree._Element) -> None:
        use = declaration.get("use")
        if use == "required" or (use != "prohibited" and self._draw(st.booleans())):
            written.set(declaration.attrib["name"], self._value(self._type_of(declaration, "type")))

    def _particle(self, parent: etree._Element, particle: etree._Element) -> None:
        least = int(particle.get("minOccurs", "1"))
        most = particle.get("maxOccurs", "1")
        most = least + 2 if most == "unbounded" else min(int(most), least + 2)
        times = self._draw(st.integers(least, most)) if self._room > 0 and least < most else least
        for _ in range(times):
            self._once(parent, particle)

    def _once(self, parent: etree._Element, particle: etree._Element) -> None:
        if particle.tag == XS + "sequence":
            for child in self._some(list(particle)):
                self._particle(parent, child)
        elif particle.tag == XS + "choice":
            self._particle(parent, self._draw(st.sampled_from(list(particle))))
        elif particle.tag == XS + "any":
            parent.append(self.element(f"{{{TYPES}}}Value"))
        elif particle.get("ref"):
            parent.append(self.element(self._substitute(qualified(particle, "ref"))))
        else:
            space = particle.getroottree().getroot().get("targetNamespace")
            parent.append(self._declared(f"{{{space}}}{particle.get('name')}", particle))

    def _some(self, particles: list[etree._Element]) -> list[etree._Element]:
        """All of a few parts; of many the required ones and some others, in their order."""
        optional = [at for at, each in enumerate(particles) if each.get("minOccurs") == "0"]
        if len(optional) <= _OPTIONAL:
            return particles
        kept = self._draw(st.sets(st.sampled_from(optional), max_size=_OPTIONAL))
        return [
            each for at, each in enumerate(particles) if at in kept or each.get("minOccurs") != "0"
        ]

    def _substitute(self, head: str) -> str:
        substitutes = self._definitions.substitutes(head)
        if self._room <= 0:
            substitutes = [
                name for name in substitutes if not self._definitions.contains(name, head)
            ]
        return str(self._draw(st.sampled_from(substitutes)))

    def _value(self, kind: etree._Element | str) -> str:
        if isinstance(kind, str):
            return str(self._draw(st.sampled_from(VALUES[kind])))
        union, items = kind.find(XS + "union"), kind.find(XS + "list")
        if union is not None:
            members: list[etree._Element | str] = list(union)
            if union.get("memberTypes"):
                members.append(self._type_of(union, "memberTypes"))
            return self._value(self._draw(st.sampled_from(members)))
        if items is not None:
            item = self._type_of(items, "itemType")
            return " ".join(self._value(item) for _ in range(self._draw(st.integers(0, 3))))
        return self._restricted(kind)

    def _restricted(self, kind: etree._Element) -> str:
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
