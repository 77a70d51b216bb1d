"""Spyne's types are those of `wsdl/mailboxes.xsd`: names, order, occurrence, and kinds."""

from decimal import Decimal

import pytest
from lxml import etree

from ewspush.endpoint.mailboxes.application import SERVICES
from ewspush.endpoint.spyne_compat import ComplexModel, Integer32, Integer64, Unicode
from ewspush.wire.namespaces import MAILBOXES
from support.schemas import WSDL

XS = "{http://www.w3.org/2001/XMLSchema}"
SCHEMA = etree.parse(WSDL / "mailboxes.xsd").getroot()
NAMED = {each.get("name"): each for each in SCHEMA if each.get("name")}
KINDS = {"int": Integer32, "long": Integer64}  # everything else is text

METHODS = {
    method.in_message.Attributes.sub_name: method
    for service in SERVICES
    for method in service.public_methods.values()
}


def assert_same(model, contract, path):
    """A type of Spyne has the elements of a complexType of the contract."""
    declared = contract.findall(f"{XS}sequence/{XS}element")
    assert [each.get("name") for each in declared] == list(model._type_info), path
    for each, kind in zip(declared, model._type_info.values(), strict=True):
        here = f"{path}/{each.get('name')}"
        assert kind.Attributes.min_occurs == min(int(each.get("minOccurs", "1")), 1), here
        is_list = each.get("maxOccurs", "1") != "1"  # how long one may be is the contract's to say
        assert Decimal(kind.Attributes.max_occurs) == Decimal("Infinity" if is_list else 1), here
        prefix, _, name = each.get("type").partition(":")
        if prefix == "tns" and NAMED[name].tag == f"{XS}complexType":
            assert issubclass(kind, ComplexModel), here
            assert kind.get_namespace() == MAILBOXES, here
            assert_same(kind, NAMED[name], here)
        else:
            assert issubclass(kind, KINDS.get(name, Unicode)), here


def test_the_operations_are_those_of_the_contract():
    wsdl = etree.parse(WSDL / "mailboxes.wsdl")
    assert set(METHODS) == {each.get("name") for each in wsdl.iterfind("{*}portType/{*}operation")}


@pytest.mark.parametrize("name", METHODS)
def test_an_operation_asks_and_answers_what_the_contract_says(name):
    method = METHODS[name]
    assert_same(method.in_message, NAMED[name][0], name)
    assert_same(method.out_message, NAMED[f"{name}Response"][0], f"{name}Response")
