"""What ListMailboxes and ListUsers ask for."""

from collections.abc import Iterable
from typing import Any

from ewspush.core.accounts import Account, OrderBy
from ewspush.endpoint.mailboxes.call import Call
from ewspush.endpoint.mailboxes.types import OPTIONAL_TEXT, PAGE, Members
from ewspush.endpoint.mailboxes.values import given, optional_uuid, statuses
from ewspush.operations.management import mailboxes
from ewspush.operations.management.context import Page
from ewspush.operations.management.mailboxes import ListRequest


def members(name: str, kind: Any) -> Members:
    """The elements of a request whose filter by status has this name and type."""
    return {
        "OrganizationId": OPTIONAL_TEXT,
        "DomainId": OPTIONAL_TEXT,
        name: kind,
        "Search": OPTIONAL_TEXT,
        "OrderBy": OPTIONAL_TEXT,
        "Direction": OPTIONAL_TEXT,
        **PAGE,
    }


def find(call: Call, request: Any, wanted: Iterable[str] | None) -> Page[Account]:
    """A page of the accounts that are asked for, of these statuses."""
    order_by = request.OrderBy
    chosen = given(
        statuses=statuses(wanted) or None,
        order_by=None if order_by is None else OrderBy(order_by),
        page=request.Page,
        page_size=request.PageSize,
    )
    asked = ListRequest(
        optional_uuid(request.OrganizationId),
        optional_uuid(request.DomainId),
        search=request.Search,
        descending=request.Direction == "descending",
        **chosen,
    )
    return mailboxes.list_(call.management, call.actor, asked)
