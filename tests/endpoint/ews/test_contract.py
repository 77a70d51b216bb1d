"""The contract as documents, and as the rule that requests are held against."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from ewspush.endpoint.contract import Contract
from support import samples
from support.document_changes import CHANGES, changed, single_changes
from support.schema_documents import Definitions, documents
from support.schemas import MESSAGES, SOAP, WSDL, block_violations, compiled

CONTRACT = Contract.load()
REQUESTS = [f"{{{MESSAGES}}}{name}" for name in ("Subscribe", "Unsubscribe", "GetFolder")]
BASE = 'https://mail.example/a"&b'

quick = settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=100,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize(
    "name",
    [
        "services.wsdl",
        "messages.xsd",
        "types.xsd",
        "notification.wsdl",
        "mailboxes.wsdl",
        "mailboxes.xsd",
    ],
)
def test_a_document_is_the_file_with_the_address_filled_in(name):
    document = CONTRACT.document(name, BASE)
    etree.fromstring(document)
    assert b"http://localhost/EWS" not in document
    if name not in ("services.wsdl", "mailboxes.wsdl"):
        assert document == (WSDL / name).read_bytes()


@pytest.mark.parametrize(
    ("name", "path"),
    [("services.wsdl", "/EWS/Exchange.asmx"), ("mailboxes.wsdl", "/EWS/Mailboxes.asmx")],
)
def test_the_address_of_the_service_is_the_one_given(name, path):
    wsdl = etree.fromstring(CONTRACT.document(name, BASE))
    (address,) = wsdl.iter("{http://schemas.xmlsoap.org/wsdl/soap/}address")
    assert address.get("location") == BASE + path


@pytest.mark.parametrize("name", ["", "../pyproject.toml", "messages.xsd "])
def test_nothing_else_is_a_document(name):
    with pytest.raises(KeyError):
        CONTRACT.document(name, BASE)


def test_any_folder_can_hold_a_contract(tmp_path):
    for schema in WSDL.glob("*.xsd"):
        shutil.copy(schema, tmp_path)
    with pytest.raises(KeyError):
        Contract(tmp_path).document("services.wsdl", BASE)
    assert Contract(tmp_path).first_error(etree.fromstring(b"<x/>")) is not None


def request_of(envelope):
    return etree.fromstring(envelope).find(f"{{{SOAP}}}Body")[0]


def assert_same_verdict(document, what=""):
    """As a validation of the whole tree, which tells every error and takes longer."""
    error = CONTRACT.first_error(document)
    violations = block_violations(compiled(WSDL), document)
    assert bool(violations) == (error is not None), (what, violations, etree.tostring(document))
    if error is not None:
        assert any(violation.endswith(error.message) for violation in violations)
        assert f"'{error.element.tag}'" in error.message


@quick
@given(document=documents(Definitions(WSDL), REQUESTS))
def test_a_valid_document_is_valid(document):
    assert CONTRACT.first_error(document) is None


def test_every_single_change_has_the_verdict_of_the_whole_schema():
    for what, document in single_changes(request_of(samples.printed("subscribe-request"))):
        assert_same_verdict(document, what)


@quick
@given(document=documents(Definitions(WSDL), REQUESTS), data=st.data())
def test_a_changed_document_has_the_verdict_of_the_whole_schema(document, data):
    for _ in range(2):
        position = data.draw(st.integers(0, sum(1 for _ in document.iter()) - 1))
        document = changed(document, position, CHANGES[data.draw(st.sampled_from(list(CHANGES)))])
        assert_same_verdict(document)


def test_an_error_at_the_end_of_an_element_is_that_elements():
    """Its children are complete by then: the last of them is not to blame."""
    document = request_of(samples.printed("subscribe-request"))
    push = document[0]
    push.remove(push[-1])
    error = CONTRACT.first_error(document)
    assert error is not None
    assert error.element is push


def test_a_block_is_looked_at_with_the_namespaces_around_it():
    envelope = samples.printed("subscribe-request").replace(
        b"<m:PushSubscriptionRequest>",
        b"<m:PushSubscriptionRequest xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'"
        b" xsi:type='t:PushSubscriptionRequestType'>",
    )
    assert CONTRACT.first_error(request_of(envelope)) is None


def test_several_threads_get_each_its_own_verdict():
    valid = samples.printed("subscribe-request")
    wrong = {text: valid.replace(b"MovedEvent", text.encode()) for text in ("One", "Two", "Three")}

    def message(envelope):
        error = CONTRACT.first_error(request_of(envelope))
        return error and error.message.partition("The value '")[2].partition("'")[0]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(message, [valid, *wrong.values()] * 200))
    assert answers == [None, *wrong] * 200
