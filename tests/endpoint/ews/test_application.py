"""What holds for every request: an answer, whatever comes and whatever fails."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from ewspush.endpoint.ews.folders import finding as folders
from ewspush.operations import subscriptions
from support.document_changes import CHANGES
from support.ews import envelope, get_folder, subscribe, unsubscribe
from support.schema_documents import Definitions, documents
from support.schemas import MESSAGES, ROOT, WSDL

# What asks for a stream is not answered at once.
RECORDED = [
    path.read_bytes()
    for path in sorted((ROOT / "tests/data/requests").glob("*.xml"))
    if "getstreamingevents" not in path.name
]
SERVED = [f"{{{MESSAGES}}}{name}" for name in ("Subscribe", "Unsubscribe", "GetFolder")]
SECRET = "secret of the inside"

fuzz = settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=150,
    suppress_health_check=list(HealthCheck),
)


@fuzz
@given(data=st.data())
def test_recorded_requests_with_changed_elements_get_an_answer(shared_ews, data):
    root = etree.fromstring(data.draw(st.sampled_from(RECORDED)))
    for _ in range(data.draw(st.integers(1, 3))):
        element = data.draw(st.sampled_from(list(root.iter("*"))))
        CHANGES[data.draw(st.sampled_from(list(CHANGES)))](element)
    answer = shared_ews.ask(etree.tostring(root))
    assert "ErrorInternalServerError" not in answer.codes


@fuzz
@given(data=st.data())
def test_recorded_requests_with_changed_bytes_get_an_answer(shared_ews, data):
    document = bytearray(data.draw(st.sampled_from(RECORDED)))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(document)))
        length = data.draw(st.sampled_from([0, 1, 2, 20]))
        document[start : start + length] = data.draw(
            st.one_of(
                st.binary(max_size=3),
                st.sampled_from(
                    [b"<", b">", b"&", b'"', b"<!--", b"]]>", b"&#0;", b"<?x", b"<t:a>"]
                ),
            )
        )
    answer = shared_ews.ask(bytes(document))
    assert "ErrorInternalServerError" not in answer.codes


@fuzz
@given(request=documents(Definitions(WSDL), SERVED))
def test_every_request_that_the_contract_allows_gets_an_answer(shared_ews, request):
    answer = shared_ews.ask(envelope(etree.tostring(request).decode()))
    assert not {"ErrorInternalServerError", "ErrorSchemaValidation"} & set(answer.codes)


def fail(*_, **__):
    raise RuntimeError(SECRET)


@pytest.mark.parametrize(
    ("module", "name", "request_"),
    [
        (folders, "in_shape", get_folder("inbox")),
        (subscriptions, "subscribe", subscribe()),
        (subscriptions, "unsubscribe", unsubscribe("UwAAAAAAAAF1cGZytlueVAKB")),
    ],
    ids=["GetFolder", "Subscribe", "Unsubscribe"],
)
def test_a_bug_is_logged_with_its_traceback_and_not_told(ews, monkeypatch, module, name, request_):
    monkeypatch.setattr(module, name, fail)
    with structlog.testing.capture_logs() as logged:
        answer = ews.ask(request_)
    assert (answer.status, answer.codes) == (500, ["ErrorInternalServerError"])
    assert SECRET.encode() not in answer.reply.body
    assert [(line["event"], line["log_level"], line["exc_info"]) for line in logged] == [
        ("ews.failed", "error", True)
    ]
    assert ews.stored() == []


def test_a_bug_while_writing_the_answer_is_a_fault_too(ews, monkeypatch):
    monkeypatch.setattr("ewspush.core.watermark.encode", lambda *_: "\0")
    with structlog.testing.capture_logs() as logged:
        assert ews.ask(subscribe()).codes == ["ErrorInternalServerError"]
    assert len(logged) == 1


def test_a_subscription_is_not_made_if_the_commit_fails(ews, monkeypatch):
    def subscribe_and_fail(*arguments, **options):
        subscribed(*arguments, **options)
        fail()

    subscribed = subscriptions.subscribe
    monkeypatch.setattr(subscriptions, "subscribe", subscribe_and_fail)
    answer = ews.ask(subscribe())
    assert answer.codes == ["ErrorInternalServerError"]
    assert answer.reply.subscribed == ()
    assert ews.stored() == []


def test_several_threads_get_each_its_own_answer(shared_ews):
    requests = [
        get_folder("inbox", shape="Default"),
        get_folder("calendar", shape="Default"),
        subscribe(),
        subscribe(types=("Nonsense",)),
        envelope("<m:GetRooms/>"),
    ]

    def ask(request):
        answer = shared_ews.ask(request)
        names = [name.text for name in answer.all("t:DisplayName")]
        return answer.codes, names, len(answer.reply.subscribed)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, requests * 20))
    assert answers == [
        (["NoError"], ["Inbox"], 0),
        (["NoError"], ["Calendar"], 0),
        (["NoError"], [], 1),
        (["ErrorSchemaValidation"], [], 0),
        (["ErrorInvalidOperation"], [], 0),
    ] * 20  # fmt: skip


def test_importing_spyne_is_quiet():
    """In a process of its own, where nothing is imported yet."""
    quiet = subprocess.run(
        [sys.executable, "-W", "error", "-c", "import ewspush.endpoint.ews.application"],
        capture_output=True,
        check=False,
        env={"PYTHONPATH": str(ROOT / "src")},
        text=True,
    )
    assert (quiet.stdout, quiet.stderr) == ("", "")


def test_nothing_of_a_request_is_logged(shared_ews, caplog, capfd):
    requests = [
        subscribe(url=f"http://x/{SECRET}"),
        subscribe(types=(SECRET,)),
        envelope(f"<m:Unknown>{SECRET}</m:Unknown>"),
        SECRET.encode(),
    ]
    with structlog.testing.capture_logs() as logged:
        for request in requests:
            shared_ews.ask(request)
    assert logged == []
    assert caplog.text == ""
    assert capfd.readouterr() == ("", "")
