"""Organizations and their domains, and the audit log."""

from typing import Any
from uuid import UUID

from ewspush.endpoint.mailboxes import types, values
from ewspush.endpoint.mailboxes.call import Call
from ewspush.endpoint.mailboxes.operation import Answer, operation
from ewspush.endpoint.mailboxes.types import COUNT, OPTIONAL_TEXT, PAGE, TEXT, required
from ewspush.endpoint.mailboxes.values import given, optional_subject, optional_uuid
from ewspush.endpoint.spyne_compat import Service
from ewspush.operations.management import audit, domains, organizations

_ORGANIZATION = {"Organization": required(types.Organization)}
_DOMAIN = {"Domain": required(types.Domain)}


class Organizations(Service):
    @operation("CreateOrganization", {"Alias": TEXT}, _ORGANIZATION)
    def create(call: Call, request: Any) -> Answer:
        created = organizations.create(call.management, call.actor, request.Alias)
        return {"Organization": values.organization(created)}

    @operation(
        "ListOrganizations",
        PAGE,
        {"Organizations": required(types.ArrayOfOrganization), "TotalCount": COUNT},
    )
    def list_(call: Call, request: Any) -> Answer:
        page = given(page=request.Page, page_size=request.PageSize)
        found = organizations.list_(call.management, call.actor, **page)
        listed = [values.organization(each) for each in found.entries]
        return {
            "Organizations": types.ArrayOfOrganization(Organization=listed),
            "TotalCount": found.total_count,
        }

    @operation("DeleteOrganization", {"OrganizationId": TEXT}, _ORGANIZATION)
    def delete(call: Call, request: Any) -> Answer:
        id = UUID(request.OrganizationId)
        deleted = organizations.delete(call.management, call.actor, id)
        return {"Organization": values.organization(deleted)}


class Domains(Service):
    @operation("CreateDomain", {"Name": TEXT, "OrganizationId": OPTIONAL_TEXT}, _DOMAIN)
    def create(call: Call, request: Any) -> Answer:
        organization_id = optional_uuid(request.OrganizationId)
        created = domains.create(call.management, call.actor, request.Name, organization_id)
        return {"Domain": values.domain(created)}

    @operation(
        "ListDomains",
        {"OrganizationId": OPTIONAL_TEXT, **PAGE},
        {"Domains": required(types.ArrayOfDomain), "TotalCount": COUNT},
    )
    def list_(call: Call, request: Any) -> Answer:
        page = given(page=request.Page, page_size=request.PageSize)
        organization_id = optional_uuid(request.OrganizationId)
        found = domains.list_(call.management, call.actor, organization_id, **page)
        listed = [values.domain(each) for each in found.entries]
        return {
            "Domains": types.ArrayOfDomain(Domain=listed),
            "TotalCount": found.total_count,
        }

    @operation("DeleteDomain", {"DomainId": TEXT}, _DOMAIN)
    def delete(call: Call, request: Any) -> Answer:
        deleted = domains.delete(call.management, call.actor, UUID(request.DomainId))
        return {"Domain": values.domain(deleted)}


class AuditLog(Service):
    @operation(
        "ListAuditRecords",
        {"OrganizationId": OPTIONAL_TEXT, "Subject": OPTIONAL_TEXT, **PAGE},
        {"AuditRecords": required(types.ArrayOfAuditRecord), "TotalCount": COUNT},
    )
    def list_(call: Call, request: Any) -> Answer:
        page = given(page=request.Page, page_size=request.PageSize)
        organization_id = optional_uuid(request.OrganizationId)
        subject = optional_subject(request.Subject)
        found = audit.list_(call.management, call.actor, organization_id, subject, **page)
        listed = [values.audit_record(each) for each in found.entries]
        return {
            "AuditRecords": types.ArrayOfAuditRecord(AuditRecord=listed),
            "TotalCount": found.total_count,
        }
