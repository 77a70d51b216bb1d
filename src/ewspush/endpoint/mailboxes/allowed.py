"""What faults say is allowed, where neither the schema's error nor an operation says it."""

import re

from lxml import etree

from ewspush.core.management import Code
from ewspush.endpoint.contract import SchemaError

# Beside what an operation says itself.
BY_CODE = {
    Code.ADDRESS_TAKEN: "another address",
    Code.ALIAS_TAKEN: "another alias",
    Code.DOMAIN_NOT_EMPTY: "a domain without mailboxes that are active or can be restored",
    Code.DOMAIN_NOT_FOUND: "the Id of a domain, as ListDomains has it",
    Code.DOMAIN_TAKEN: "another name",
    Code.LIMIT_EXCEEDED: "a mailbox that has fewer",
    Code.MAILBOX_ALIAS_NOT_FOUND: "the Id of an alias, as ListMailboxAliases has it",
    Code.MAILBOX_NOT_FOUND: "the Id of a mailbox, as ListMailboxes has it",
    Code.NOT_ACTIVE: "a mailbox whose Status is active, and whose subscription has not ended",
    Code.NOT_DELETION_SCHEDULED: "a mailbox whose Status is deletion_scheduled",
    Code.ORGANIZATION_NOT_FOUND: "the Id of an organization, as ListOrganizations has it",
    Code.PERMISSION_NOT_FOUND: "the DelegateId of a permission, as ListMailboxPermissions has it",
    Code.USER_NOT_FOUND: "the Id of a user, as ListUsers has it",
}

# What libxml2 says of values and elements.
_VALUES = re.compile(r"not an element of the set \{(?P<values>.*)\}", re.DOTALL)
_LONGEST = re.compile(r"exceeds the allowed maximum length of '(?P<most>\d+)'")
_EXPECTED = re.compile(r"not expected\. Expected is (?:one of )?\( (?P<names>.*) \)\.", re.DOTALL)
_NAME = re.compile(r"{[^}]*}(?P<name>[\w.-]+)")
_NUMBERS = {"Page": "a whole number from 1 to 2147483647", "PageSize": "a whole number, 1 to 1000"}


def by_schema(error: SchemaError) -> str | None:
    """What would be valid instead, if libxml2's message has it."""
    if values := _VALUES.search(error.message):
        return values["values"].replace("'", "")
    if longest := _LONGEST.search(error.message):
        return f"at most {longest['most']} characters"
    if expected := _EXPECTED.search(error.message):
        return f"in this place: {' or '.join(_NAME.findall(expected['names']))}"
    if "[facet 'pattern']" in error.message:
        return "a UUID, as in 3f2504e0-4f89-41d3-9a0c-0305e82c3301"
    if "'xs:int'" in error.message:
        return _NUMBERS[etree.QName(error.element).localname]
    return None
