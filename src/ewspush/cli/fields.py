"""The fields of requests over SOAP, as the options and arguments of the command line."""

import re

import click

from ewspush.control import CommandError

# The parameters of commands that give each field. The first that the command has is meant.
_PARAMETERS = {
    "Alias": ("alias",),
    "AliasId": ("alias",),
    "Aliases": ("aliases",),
    "DelegateId": ("delegate",),
    "Description": ("description",),
    "DomainId": ("domain",),
    "Email": ("addresses", "address", "mailbox", "user", "alias"),
    "LocalPart": ("addresses", "address", "alias"),
    "MailboxId": ("mailbox", "user", "alias"),
    "Mailboxes": ("addresses",),
    "Name": ("name", "domain"),
    "OrderBy": ("order",),
    "OrganizationId": ("organization", "org"),
    "Page": ("page",),
    "PageSize": ("page_size",),
    "Search": ("search",),
    "Status": ("statuses", "states"),
    "SubscriptionPeriod": ("period",),
    "UserId": ("user", "mailbox"),
}
_ALLOWED = {"the id of an organization": "the alias or the id of an organization"}
_LAST = re.compile(r"(?:Mailboxes\[(?P<n>\d+)\]\.)?(?P<name>\w+)")


def in_words(error: CommandError, context: click.Context | None) -> str:
    """The error on one line, as it is told to who gave the command of this context."""
    if error.field is None or context is None:
        return str(error)
    allowed = _ALLOWED.get(error.allowed or "", error.allowed)
    return str(CommandError(error.text, field=_parameter(error.field, context), allowed=allowed))


def _parameter(field: str, context: click.Context) -> str | None:
    found = _LAST.match(field)
    wanted = _PARAMETERS.get(found["name"], ()) if found else ()
    by_name = {each.name: each for each in context.command.params}
    for name in wanted:
        if name in by_name:
            return _written(by_name[name])
    several = context.params.get("addresses", ())
    if found and found["n"] and len(several) > 1:  # a password, which is no parameter: say whose
        return str(several[int(found["n"]) - 1])
    return None


def _written(parameter: click.Parameter) -> str:
    if isinstance(parameter, click.Option):
        return max(parameter.opts, key=len)
    return parameter.human_readable_name.removesuffix("...")
