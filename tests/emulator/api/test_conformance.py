"""The control API against its description, by schemathesis: requests that fit it and that do not.

The emulator is driven over a socket, and is left in whatever state it comes to.
"""

from collections import Counter

import pytest
import pytest_twisted
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from twisted.internet.threads import deferToThread

from ewspush.emulator.api import openapi
from ewspush.emulator.api.table import ROUTES
from support.control_api import ADDRESS
from support.running_server import PATIENCE_S

EXAMPLES = 12  # of each operation, in each mode
SEED = 20261121
SCHEMA = schemathesis.openapi.from_dict(openapi.document(ROUTES))
OPERATIONS = {each.ok().label: each.ok() for each in SCHEMA.get_all_operations()}
# What is given in place of random names, which are nobody's.
REAL = {
    "address": "new@example.org",
    "folder": "drafts",
    "folders": ["inbox"],
    "mailbox": ADDRESS,
    "old_folder": "drafts",
    "parent": "drafts",
    "url": "http://127.0.0.1:9/",
    "watermark": None,
}
WAIT = "/emulator/wait"  # 504 is no failure of this one
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]


async def real_ids(api):
    """What may stand in paths, so that more is reached than what is not there."""
    item = await api.create(f"{api.mailbox}/mail", {"subject": "x"})
    subscription = await api.create(
        "/subscriptions", {"mailbox": ADDRESS, "url": "http://127.0.0.1:9/", "folders": ["inbox"]}
    )
    snapshot = await api.create("/snapshots")
    fault = await api.create("/faults", {"kind": "drop"})
    return {
        "items": item["id"],
        "messages": item["id"],
        "folders": "inbox",
        "subscriptions": subscription["id"],
        "snapshots": snapshot["id"],
        "faults": fault["id"],
    }


def run(operation, mode, base, ids):
    """Send examples of requests; how many were answered with which status."""
    statuses = Counter()
    kind = operation.path.split("/")[-2 if operation.path.endswith("{id}") else -3]
    checks = [each for each in CHECKS if operation.path != WAIT or each is not not_a_server_error]
    checks += [*([negative_data_rejection] if mode is GenerationMode.NEGATIVE else [])]

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case):
        if mode is GenerationMode.POSITIVE:
            known = {"address": ADDRESS, "id": ids.get(kind, "x")}
            case.path_parameters = {name: known[name] for name in case.path_parameters}
            if isinstance(case.body, dict):
                case.body |= {name: REAL[name] for name in case.body if name in REAL}
                case.body |= {"timeout_s": 0} if "for" in case.body else {}
        response = case.call(base_url=base, timeout=PATIENCE_S)
        statuses[response.status_code] += 1
        case.validate_response(response, checks=checks)

    send()
    return statuses


@pytest.mark.parametrize("label", OPERATIONS)
@pytest_twisted.ensureDeferred
async def test_requests_that_fit_the_description_are_answered_as_it_says(api, label):
    ids = await real_ids(api)
    await api.post("/time/freeze")
    operation = OPERATIONS[label]
    statuses = await deferToThread(run, operation, GenerationMode.POSITIVE, api.base, ids)
    assert set(statuses) - {400, 404}, statuses


@pytest.mark.parametrize(
    "label",
    [
        label
        for label, each in OPERATIONS.items()
        if each.body or any(parameter.location == "query" for parameter in each.iter_parameters())
    ],
)
@pytest_twisted.ensureDeferred
async def test_requests_that_do_not_fit_the_description_are_refused(api, label):
    operation = OPERATIONS[label]
    await deferToThread(run, operation, GenerationMode.NEGATIVE, api.base, {})
