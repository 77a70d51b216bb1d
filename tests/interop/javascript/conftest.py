"""The program that runs the steps of the tests by ews-javascript-api, one for all tests."""

import shutil
from pathlib import Path

import pytest

from support.javascript import JavascriptAccount, JavascriptProgram

FOLDER = Path(__file__).parent
LIBRARY = FOLDER / "node_modules" / "ews-javascript-api"
MIME = (
    b"From: Ann <ann@example.org>\r\nTo: %(to)s\r\nCc: Bob <bob@example.net>\r\n"
    b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <one@example.org>\r\n"
    b"Date: Fri, 20 Nov 2026 10:00:00 +0100\r\nX-Long: a\r\n b\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Sch\xc3\xb6nen &amp; Tag</p>\r\n"
    b"--x\r\nContent-Type: application/pdf; name=a.pdf\r\n"
    b"Content-Disposition: attachment; filename=a.pdf\r\n\r\nPDF\r\n--x--\r\n"
)


@pytest.fixture(scope="session")
def program():
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    if not LIBRARY.is_dir():
        pytest.skip("ews-javascript-api is not installed; `make test` does it by npm")
    program = JavascriptProgram(node, FOLDER / "program.js")
    yield program
    program.close()


@pytest.fixture
def open_account(server, program):
    """Opens accounts by the library."""

    def open_account(mailbox, **options):
        return JavascriptAccount(program, server.url(), mailbox, **options)

    return open_account


@pytest.fixture
def account(open_account, mailbox):
    return open_account(mailbox)


@pytest.fixture
def other_mailbox(server, mailbox):
    return server.add_mailbox(f"other.{mailbox.address}")


@pytest.fixture
def other(open_account, other_mailbox):
    """Somebody else's account."""
    return open_account(other_mailbox)


@pytest.fixture
def mime(mailbox):
    return MIME.replace(b"%(to)s", mailbox.address.encode())


@pytest.fixture
def delivered(server, account, mailbox, mime):
    """The id of the one message in the Inbox."""
    server.deliver(mailbox, mime)
    return account.only("Inbox")["Id"]
