"""The management service on a directory, asked as its HTTP resource asks it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

from lxml import etree

from ewspush.endpoint.contract import Contract
from ewspush.endpoint.mailboxes.application import ManagementApplication, Reply
from ewspush.operations.management.context import Actor
from ewspush.wire.namespaces import MAILBOXES
from support.directory import PASSWORD, World
from support.schemas import SOAP, WSDL

BOSS = Actor("boss", "192.0.2.7")
NOBODYS_ID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"

_contract = cache(Contract.load)


@cache
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(WSDL / "mailboxes.xsd"))


@dataclass(frozen=True)
class Answer:
    """An answer, which was valid."""

    reply: Reply
    content: etree._Element = field(repr=False)  # the answer's element, or the ManagementFault

    @property
    def status(self) -> int:
        return self.reply.status

    def all(self, path: str) -> list[str | None]:
        """The texts at a path of local names, as in Mailboxes/Mailbox/Email."""
        steps = "/".join(f"{{{MAILBOXES}}}{name}" for name in path.split("/"))
        return [each.text for each in self.content.iterfind(steps)]

    def __getitem__(self, path: str) -> str:
        (text,) = self.all(path)
        return text or ""

    def get(self, path: str) -> str | None:
        return self[path] if self.all(path) else None

    @property
    def refusal(self) -> tuple[str, str | None]:
        """Code and Field of the fault."""
        assert self.status == 500
        return self["Code"], self.get("Field")


class Service:
    """The service on a world, asked by an administrator of everything unless another is named."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.application = ManagementApplication(world.management, _contract())

    def ask(self, operation: str, actor: Actor = BOSS, **given: Any) -> Answer:
        """The answer to a request; lists are elements with the same name."""
        return self.send(envelope(element(operation, given)), actor)

    def send(self, document: bytes, actor: Actor = BOSS) -> Answer:
        reply = self.application.handle(actor, document)
        root = etree.fromstring(reply.body)
        (content,) = root.find(f"{{{SOAP}}}Body")
        if content.tag == f"{{{SOAP}}}Fault":
            assert reply.status == 500
            detail = content.find("detail")
            assert detail is not None
            assert content.findtext("faultstring") == detail.findtext(f".//{{{MAILBOXES}}}Message")
            (content,) = detail
        else:
            assert reply.status == 200
        alone = etree.fromstring(etree.tostring(content))
        schema().assertValid(alone)
        return Answer(reply, alone)

    @property
    def domain_id(self) -> str:
        return str(self.world.domain.id)

    @property
    def organization_id(self) -> str:
        return str(self.world.organization.id)

    def create(self, *local_parts: str, **more: Any) -> list[str]:
        """The ids of new mailboxes."""
        wanted = [{"LocalPart": each, "Password": PASSWORD, **more} for each in local_parts]
        asked = {"DomainId": self.domain_id, "Mailboxes": {"Mailbox": wanted}}
        return [id or "" for id in self.ask("CreateMailboxes", **asked).all("Mailboxes/Mailbox/Id")]

    def create_user(self, local_part: str = "user") -> Answer:
        return self.ask(
            "CreateUser", DomainId=self.domain_id, LocalPart=local_part, Password=PASSWORD
        )

    def administrator_of(self, organization_id: str) -> Actor:
        return Actor("limited", "192.0.2.8", UUID(organization_id))


def element(name: str, value: object) -> str:
    """The XML of an element, in the namespace of the service."""
    if isinstance(value, list):
        return "".join(element(name, each) for each in value)
    if isinstance(value, Mapping):
        return f"<{name}>{''.join(element(*each) for each in value.items())}</{name}>"
    made = etree.Element("x")
    made.text = str(value)
    return f"<{name}>{etree.tostring(made, encoding='unicode')[3:-4] if made.text else ''}</{name}>"


def envelope(body: str, header: str = "") -> bytes:
    """An envelope around the XML of a Body's content, whose default namespace is the service's."""
    return (
        f'<s:Envelope xmlns:s="{SOAP}"><s:Header>{header}</s:Header>'
        f'<s:Body xmlns="{MAILBOXES}">{body}</s:Body></s:Envelope>'
    ).encode()
