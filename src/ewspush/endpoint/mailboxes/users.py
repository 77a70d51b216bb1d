"""Users."""

from typing import Any
from uuid import UUID

from ewspush.core.accounts import Account
from ewspush.endpoint.mailboxes import listing, types, values
from ewspush.endpoint.mailboxes.call import Call
from ewspush.endpoint.mailboxes.operation import Answer, operation
from ewspush.endpoint.mailboxes.types import COUNT, OPTIONAL_TEXT, TEXT, required
from ewspush.endpoint.mailboxes.values import given, optional_period
from ewspush.endpoint.spyne_compat import Service
from ewspush.operations.management import users

_USER_ID = {"UserId": TEXT}
_USER = {"User": required(types.User)}


def _answer(account: Account) -> Answer:
    return {"User": values.user(account)}


class Users(Service):
    @operation(
        "CreateUser",
        {
            "DomainId": TEXT,
            "LocalPart": TEXT,
            "Password": TEXT,
            "Name": OPTIONAL_TEXT,
            "Aliases": types.ArrayOfLocalPart,
            "SubscriptionPeriod": OPTIONAL_TEXT,
        },
        _USER,
    )
    def create(call: Call, request: Any) -> Answer:
        period = given(period=optional_period(request.SubscriptionPeriod))
        domain_id, wanted = UUID(request.DomainId), values.mailbox_request(request)
        return _answer(users.create(call.management, call.actor, domain_id, wanted, **period))

    @operation("DescribeUser", _USER_ID, _USER)
    def describe(call: Call, request: Any) -> Answer:
        return _answer(users.describe(call.management, call.actor, UUID(request.UserId)))

    @operation(
        "ListUsers",
        listing.members("States", types.ArrayOfState),
        {"Users": required(types.ArrayOfUser), "TotalCount": COUNT},
    )
    def list_(call: Call, request: Any) -> Answer:
        found = listing.find(call, request, request.States and request.States.State)
        listed = [values.user(each) for each in found.entries]
        return {"Users": types.ArrayOfUser(User=listed), "TotalCount": found.total_count}

    @operation("DisableUser", _USER_ID, _USER)
    def disable(call: Call, request: Any) -> Answer:
        return _answer(users.disable(call.management, call.actor, UUID(request.UserId)))

    @operation("EnableUser", _USER_ID, _USER)
    def enable(call: Call, request: Any) -> Answer:
        return _answer(users.enable(call.management, call.actor, UUID(request.UserId)))

    @operation("DeleteUser", _USER_ID, _USER)
    def delete(call: Call, request: Any) -> Answer:
        return _answer(users.delete(call.management, call.actor, UUID(request.UserId)))

    @operation("ChangePassword", {**_USER_ID, "Password": TEXT}, _USER)
    def change_password(call: Call, request: Any) -> Answer:
        user_id, password = UUID(request.UserId), request.Password
        return _answer(users.change_password(call.management, call.actor, user_id, password))
