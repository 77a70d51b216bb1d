"""The audit log."""

from uuid import UUID

from ewspush.core.directory import AuditRecord
from ewspush.operations.management import organizations
from ewspush.operations.management.context import Actor, Management, Page, check_page
from ewspush.store import audit_log


def list_(
    management: Management,
    actor: Actor,
    organization_id: UUID | None = None,
    subject: str | None = None,
    page: int = 1,
    page_size: int = 100,
) -> Page[AuditRecord]:
    """Changes, the newest first: of all that the actor sees, one organization or one subject.

    A subject is a kind and an id, as in `mailbox 3f2504e0-4f89-41d3-9a0c-0305e82c3301`.
    """
    check_page(page, page_size)
    with management.look() as tx:
        if organization_id is not None:
            organizations.find(tx, actor, organization_id)
        of = organization_id or actor.organization_id
        return Page(*audit_log.newest_first(tx, of, subject, (page - 1) * page_size, page_size))
