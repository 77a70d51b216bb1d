"""A real Chromium, Debian's, without a window."""

import shutil
from pathlib import Path

import pytest

from support.inspected_emulator import emulating
from support.responders import Responder
from support.running_server import serving

FOLDER = Path(__file__).parent
ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP mail.example 127.0.0.1",
]
PASSWORD = "correct horse battery"


@pytest.fixture(scope="session")
def chromium():
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium):
    """Opens pages, each as somebody else; none may break a rule of its own policy."""
    contexts, troubles = [], []

    def open_page(url=None, **options):
        context = chromium.new_context(**{"viewport": {"width": 1180, "height": 860}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: troubles.append(said.text) if _is_bad(said) else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda asked: hosts.add(asked.url.split("/")[2]))
        if url:
            page.goto(url)
        return page

    hosts = set()
    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []
    assert len(hosts) <= 1, "something was loaded from elsewhere"


def _is_bad(said):
    """Neither a status other than 2xx nor plain HTTP is trouble of the page's own."""
    harmless = ("Failed to load resource", "Cross-Origin-Opener-Policy header has been ignored")
    return said.type in ("error", "warning") and not any(each in said.text for each in harmless)


@pytest.fixture(scope="session")
def axe():
    """The source of axe-core."""
    source = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
    if not source.is_file():
        pytest.skip("axe-core is not installed; `make test` does it by npm")
    return source.read_text()


@pytest.fixture(scope="module")
def emulator():
    with emulating() as emulator:
        yield emulator


@pytest.fixture(scope="module")
def server():
    with serving(delivery_first_retry_wait_s=30) as server:
        server.control.call("admin.create", name="root", password=PASSWORD)
        yield server


@pytest.fixture
def responder():
    responder = Responder()
    yield responder
    responder.close()


@pytest.fixture
def begun_anew(emulator):
    """The emulator as it was when it was started."""
    emulator.press("/laboratory/reset")
    return emulator
