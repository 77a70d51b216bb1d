"""Spyne's types are those of `wsdl/`: names, namespaces, order, occurrence, and kinds."""

from decimal import Decimal
from typing import NamedTuple

import pytest
from lxml import etree

from ewspush.endpoint.ews.framework import SERVICES
from ewspush.endpoint.spyne_compat import (
    AnyXml,
    Boolean,
    ComplexModel,
    Integer32,
    Unicode,
    XmlAttribute,
)
from support.schema_documents import XS, Definitions, qualified
from support.schemas import MESSAGES, TYPES, WSDL

CONTRACT = Definitions(WSDL)
BUILT_IN = {"string": Unicode, "int": Integer32, "boolean": Boolean}

# Why a field is XML and not a type of Spyne's.
ORDER = "elements of several kinds are in an order, which Spyne loses"
ITEMS = "items have hundreds of properties: endpoint.ews.item_rendering"
NAMES = "an element and its attribute have the same name, which confuses Spyne"
DERIVED = "its type is one that is derived from the declared one, and says so"
EVENTS = "events of several kinds are in an order: wire.notification"
PLAIN = "one child is looked at"
CARRIED_AS_XML = {
    "AdditionalProperties": NAMES,
    "AlternateId": DERIVED,
    "AttachmentIds": ORDER,
    "AttachmentShape": NAMES,
    "Attachments": ITEMS,
    "CalendarView": PLAIN,
    "Changes": ITEMS,
    "ContactsView": PLAIN,
    "DistinguishedGroupBy": PLAIN,
    "FolderChanges": ORDER,
    "FolderIds": ORDER,
    "FolderShape": NAMES,
    "Folders": ORDER,
    "FractionalPageFolderView": PLAIN,
    "FractionalPageItemView": PLAIN,
    "GroupBy": PLAIN,
    "Ignore": ORDER,
    "IndexedPageFolderView": PLAIN,
    "IndexedPageItemView": PLAIN,
    "ItemChanges": ORDER,
    "ItemIds": ORDER,
    "ItemShape": NAMES,
    "Items": ITEMS,
    "Notification": EVENTS,
    "Notifications": EVENTS,
    "ParentFolderId": PLAIN,
    "ParentFolderIds": ORDER,
    "ParentItemId": PLAIN,
    "QueryString": "it is text with attributes, which Spyne makes classes for",
    "Restriction": ORDER,
    "ResolutionSet": "it has elements with text and attributes, which Spyne makes classes for",
    "RootFolder": ITEMS,
    "RootItemId": PLAIN,
    "SavedItemFolderId": PLAIN,
    "SeekToConditionPageItemView": PLAIN,
    "SortOrder": ORDER,
    "SourceIds": ORDER,
    "SyncFolderId": PLAIN,
    "TimeZoneDefinitions": ORDER,
    "ToFolderId": PLAIN,
}


class Field(NamedTuple):
    """An element or attribute of a type, in the contract."""

    space: str | None
    least: int
    most: Decimal
    kind: str  # {namespace}name of its type


def contract_type(model):
    name = f"{{{model.get_namespace()}}}{model.get_type_name()}"
    if name in CONTRACT.elements:  # a header block, whose type has no name
        return CONTRACT.elements[name][0]
    space = f"{{{model.get_namespace()}}}"
    if model.get_type_name().endswith("ResponseMessages"):
        return CONTRACT.types[f"{space}ArrayOfResponseMessagesType"]  # an operation's part of it
    return CONTRACT.types[space + model.get_type_name()]


def declared(kind):
    """The elements and attributes of a type of the contract, in order."""
    extension = kind.find(f".//{XS}extension")
    base = declared(CONTRACT.types[qualified(extension, "base")]) if extension is not None else {}
    space = kind.getroottree().getroot().get("targetNamespace")
    own = {}
    for node in kind.iter(f"{XS}element", f"{XS}attribute"):
        is_attribute = node.tag == f"{XS}attribute"
        least, most = 1, Decimal(1)
        for particle in (node, *node.iterancestors(f"{XS}sequence", f"{XS}choice")):
            is_one_of_several = particle.tag == f"{XS}choice" and len(particle) > 1
            least *= 0 if is_one_of_several else int(particle.get("minOccurs", "1"))
            most *= Decimal(particle.get("maxOccurs", "1").replace("unbounded", "Infinity"))
        if is_attribute:
            least = int(node.get("use") == "required")
        own[node.get("name")] = Field(
            None if is_attribute else space, least, most, qualified(node, "type")
        )
    return base | own


def fields(model):
    """The elements and attributes of a type of Spyne, in order, with the type that has them."""
    inherited = fields(model.__extends__) if model.__extends__ is not None else {}
    return inherited | {name: (model, kind) for name, kind in model._type_info.items()}


def reachable(model):
    yield model
    for _, kind in fields(model).values():
        if issubclass(kind, ComplexModel):
            yield from reachable(kind)


def all_models():
    for service in SERVICES:
        yield service.__out_header__
        for method in service.public_methods.values():
            yield from reachable(method.in_message)
            yield from reachable(method.out_message)


MODELS = {model.__orig__ or model for model in all_models()}
by_name = pytest.mark.parametrize(
    "model",
    sorted(MODELS, key=lambda model: model.get_type_name()),
    ids=lambda m: m.get_type_name(),
)


def test_every_operation_of_the_contract_has_its_messages_and_no_other():
    methods = [each for service in SERVICES for each in service.public_methods.values()]
    names = {method.in_message.Attributes.sub_name for method in methods}
    wsdl = etree.parse(WSDL / "services.wsdl")
    assert names == {each.get("name") for each in wsdl.iterfind("{*}portType/{*}operation")}
    for method in methods:
        for message, suffix in ((method.in_message, ""), (method.out_message, "Response")):
            element = f"{{{MESSAGES}}}{method.in_message.Attributes.sub_name}{suffix}"
            assert qualified(CONTRACT.elements[element], "type") == (
                f"{{{MESSAGES}}}{(message.__orig__ or message).get_type_name()}"
            )


def test_the_models_are_found():
    assert len(MODELS) >= 20
    assert {model.get_namespace() for model in MODELS} == {MESSAGES, TYPES}


@by_name
def test_every_field_is_in_the_contract_and_in_its_order(model):
    names = list(declared(contract_type(model)))
    elements = [name for name, (_, kind) in fields(model).items() if not attribute(kind)]
    assert elements == [name for name in names if name in elements]
    assert set(fields(model)) <= set(names)


def attribute(kind):
    return issubclass(kind, XmlAttribute)


@by_name
def test_nothing_that_is_required_is_missing(model):
    required = {name for name, field in declared(contract_type(model)).items() if field.least}
    assert required <= set(fields(model))


@by_name
def test_every_field_has_its_namespace_and_occurrence(model):
    contract = declared(contract_type(model))
    for name, (owner, kind) in fields(model).items():
        field = contract[name]
        if attribute(kind):
            assert field.space is None
            assert kind._use == ("required" if field.least else None)
        else:
            assert (kind.Attributes.sub_ns or owner.get_namespace()) == field.space, name
            assert kind.Attributes.min_occurs == field.least, name
            assert Decimal(kind.Attributes.max_occurs) == field.most, name


@by_name
def test_every_field_has_its_type(model):
    contract = declared(contract_type(model))
    for name, (_, kind) in fields(model).items():
        if issubclass(kind, AnyXml):
            assert name in CARRIED_AS_XML
        elif issubclass(kind, ComplexModel):
            original = kind.__orig__ or kind
            assert contract[name].kind in CONTRACT.types
            assert CONTRACT.types[contract[name].kind] is contract_type(original), name
        else:
            assert issubclass(kind.type if attribute(kind) else kind, built_in(contract[name].kind))


def built_in(kind):
    """What a simple type of the contract is a restriction of."""
    while not kind.startswith(XS):
        kind = qualified(CONTRACT.types[kind].find(f"{XS}restriction"), "base")
    return BUILT_IN[kind.removeprefix(XS)]
