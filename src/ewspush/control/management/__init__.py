"""The commands over the operations of the management: JSON in, JSON out."""

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ewspush.control import CommandError, operators
from ewspush.control.management import accounts, directory, grants
from ewspush.control.management.picture import show_mailbox
from ewspush.control.subscription_records import Live
from ewspush.core.management import ManagementError
from ewspush.operations.management.context import Management

_COMMANDS: Mapping[str, Callable[..., Any]] = {
    "admin.create": directory.create_administrator,
    "admin.delete": directory.delete_administrator,
    "admin.list": directory.list_administrators,
    "admin.password": directory.change_administrators_password,
    "alias.create": grants.create_alias,
    "alias.delete": grants.delete_alias,
    "alias.list": grants.list_aliases,
    "audit.list": directory.list_audit_records,
    "domain.create": directory.create_domain,
    "domain.delete": directory.delete_domain,
    "domain.list": directory.list_domains,
    "mailbox.create": accounts.create_mailboxes,
    "mailbox.delete": accounts.delete_mailbox,
    "mailbox.list": accounts.list_mailboxes,
    "mailbox.restore": accounts.restore_mailbox,
    "mailbox.update": accounts.update_mailbox,
    "org.create": directory.create_organization,
    "org.delete": directory.delete_organization,
    "org.list": directory.list_organizations,
    "permission.grant": grants.grant_permission,
    "permission.list": grants.list_permissions,
    "permission.revoke": grants.revoke_permission,
    "user.create": accounts.create_user,
    "user.delete": accounts.delete_user,
    "user.disable": accounts.disable_user,
    "user.enable": accounts.enable_user,
    "user.list": accounts.list_users,
    "user.password": accounts.change_password,
    "user.show": accounts.show_user,
}


def management_commands(
    management: Management, live: Live, operator: int
) -> dict[str, Callable[..., Any]]:
    """The commands by their names, as given by the user with this id."""
    functions = {name: partial(function, management) for name, function in _COMMANDS.items()}
    functions["mailbox.show"] = partial(show_mailbox, live, management)
    return {name: _Command(function, operator) for name, function in functions.items()}


class _Command:
    """A function of an actor and what else a command has, to be called without the actor."""

    def __init__(self, function: Callable[..., Any], operator: int) -> None:
        self._function = function
        self._operator = operator

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(partial(self._function, None))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return self._function(operators.actor(self._operator), *args, **kwargs)
        except ManagementError as error:
            raise CommandError(str(error), error.code, error.field, error.allowed) from None
