"""The HTTP resource at /inspect: who asks, for what, and with which headers it is answered."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from time import monotonic, thread_time
from typing import Any
from urllib.parse import quote, urlencode

import structlog
from twisted.internet.defer import ensureDeferred
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from ewspush.core.directory import Administrator
from ewspush.endpoint.auth import Accounts
from ewspush.endpoint.contract import Contract
from ewspush.endpoint.http import BoundedRequest
from ewspush.inspector import (
    actions,
    laboratory_pages,
    mailbox_pages,
    subscription_pages,
)
from ewspush.inspector.entrance import (
    Administrators,
    Entrance,
    Visitor,
    WithoutLogin,
    new_visitor,
    origin_of,
)
from ewspush.inspector.laboratory import Laboratory
from ewspush.inspector.live import Deliveries, Topic, Viewers
from ewspush.inspector.rendering import Templates
from ewspush.inspector.requests import (
    COOKIE,
    ROOT,
    Guard,
    NotFound,
    Refused,
    form_of,
    is_htmx,
    is_live,
    number_of,
    path_of,
    query_of,
    segments_of,
)
from ewspush.inspector.sessions import LONGEST_S
from ewspush.inspector.static_files import StaticFiles
from ewspush.inspector.surroundings import Page, SteeredEngine, Surroundings
from ewspush.operations.management.context import Management
from ewspush.settings import Settings
from ewspush.threads import InThread

log = structlog.get_logger()

HTML = b"text/html; charset=utf-8"
_HEADERS = {
    b"Content-Security-Policy": b"default-src 'none'; script-src 'self'; style-src 'self';"
    b" img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none';"
    b" base-uri 'none'",
    b"X-Content-Type-Options": b"nosniff",
    # Not no-referrer: with that the origin of a form is "null", even for the site that it is from.
    b"Referrer-Policy": b"same-origin",
    b"Cross-Origin-Opener-Policy": b"same-origin",
    b"Cross-Origin-Resource-Policy": b"same-origin",
    b"Cache-Control": b"no-store",
}
_CACHED = b"public, max-age=31536000, immutable"
_METHODS = (b"GET", b"HEAD", b"POST")

_SEGMENT = "([^/]{1,1000})"  # an address has 318 octets, each perhaps percent-encoded
_PAGES: tuple[tuple[re.Pattern[str], Callable[..., Page]], ...] = tuple(
    (re.compile(pattern), page)
    for pattern, page in (
        ("/?", subscription_pages.listing),
        (f"/subscriptions/{_SEGMENT}", subscription_pages.subscription),
        (f"/subscriptions/{_SEGMENT}/attempts/{_SEGMENT}", subscription_pages.attempt),
        ("/mailboxes", mailbox_pages.listing),
        (f"/mailboxes/{_SEGMENT}/events", mailbox_pages.events),
        (f"/mailboxes/{_SEGMENT}/messages", mailbox_pages.messages),
        (f"/mailboxes/{_SEGMENT}/messages/{_SEGMENT}", mailbox_pages.message),
    )
)
_ACTION = re.compile(f"/subscriptions/{_SEGMENT}/{_SEGMENT}")
_LABORATORY_ACTION = re.compile(f"/laboratory/{_SEGMENT}")


def inspector_resource(
    reactor: Any,
    in_thread: InThread,
    management: Management,
    engine: SteeredEngine,
    deliveries: Deliveries,
    settings: Settings,
    contract: Contract,
    accounts: Accounts[Administrator] | None,
    laboratory: Laboratory | None = None,
    *,
    allow_remote: bool = False,
) -> "InspectorResource":
    """The inspector, to be put at /inspect.

    `in_thread` should be a pool of its own: whoever presses a button may wait for a responder.
    `accounts` are the administrators who may log in; None: nobody has to, on this machine, or
    anywhere if `allow_remote`.
    """
    around = Surroundings(management, engine, settings, contract)
    viewers = Viewers(reactor, deliveries)
    management.database.on_events(viewers.events_committed)
    entrance: Entrance
    if accounts is None:
        entrance = WithoutLogin(allow_remote=allow_remote)
    else:
        entrance = Administrators(reactor, accounts, in_thread)
    return InspectorResource(around, in_thread, entrance, viewers, laboratory)


class InspectorResource(Resource):
    """Everything below /inspect."""

    isLeaf = True

    def __init__(
        self,
        around: Surroundings,
        in_thread: InThread,
        entrance: Entrance,
        viewers: Viewers,
        laboratory: Laboratory | None,
    ) -> None:
        super().__init__()
        self._around = around
        self._in_thread = in_thread
        self._entrance = entrance
        self._viewers = viewers
        self._laboratory = laboratory
        self._static = StaticFiles()
        self._templates = Templates(self._static)
        server = around.settings.server
        self._guard = Guard(is_secure_at_proxy=server.tls_at_proxy, public_url=server.public_url)

    def changed(self) -> None:
        """Tell the open pages that something changed by other ways than an engine tells of."""
        self._viewers.tell_all()

    def stop(self) -> None:
        """Close the open pages' streams."""
        self._viewers.stop()

    def render(self, request: BoundedRequest) -> int:
        for name, value in _HEADERS.items():
            request.setHeader(name, value)
        if request.method not in _METHODS:
            request.setHeader(b"Allow", b", ".join(_METHODS))
            request.answer(405, b"This is not done here.\n")
        else:
            ensureDeferred(self._respond(request)).addErrback(_answer_bug, request)
        return NOT_DONE_YET

    async def _respond(self, request: BoundedRequest) -> None:
        visitor = None
        try:
            path = path_of(request)
            if path.startswith("/static/"):
                self._send_static(request, path.removeprefix("/static/"))
                return
            # A stream is opened again by itself, whenever its connection is lost.
            is_use = path != "/live" and not is_live(request)
            visitor = await self._entrance.admit(request, is_use=is_use)
            if path == "/login" and isinstance(self._entrance, Administrators):
                await self._log_in(request, self._entrance)
            elif visitor is None:
                self._send_to_login(request, path)
            elif request.method == b"POST":
                await self._act(request, path, visitor)
            else:
                await self._show(request, path, visitor)
        except Refused as refused:
            await self._refuse(request, refused, visitor or new_visitor(request))

    # Pages

    def _send_static(self, request: BoundedRequest, name: str) -> None:
        found = self._static.find(name)
        if found is None:
            raise NotFound
        request.setHeader(b"Cache-Control", _CACHED)
        request.answer(200, found.body, found.content_type)

    async def _show(self, request: BoundedRequest, path: str, visitor: Visitor) -> None:
        query = query_of(request)
        if path == "/live":
            self._follow(request, query, visitor)
            return
        if path == "/laboratory" and self._laboratory is not None:
            page = laboratory_pages.page(self._laboratory)
        else:
            make = self._make_anew if is_live(request) else self._make
            page = await self._in_thread(make, path, query)
        await self._send(request, HTTPStatus.OK, page, visitor)

    def _make_anew(self, path: str, query: Mapping[str, str]) -> Page:
        began_s = thread_time()
        page = self._make(path, query)
        self._viewers.page_took_s = thread_time() - began_s
        return page

    def _make(self, path: str, query: Mapping[str, str]) -> Page:
        for pattern, page in _PAGES:
            if found := pattern.fullmatch(path):
                return page(self._around, query, *segments_of(found))
        raise NotFound

    def _follow(self, request: BoundedRequest, query: Mapping[str, str], visitor: Visitor) -> None:
        if request.method == b"HEAD":
            request.answer(200, b"", b"text/event-stream")
        elif self._viewers.is_full or request.site.is_closing:
            request.answer(503, b"Too many pages are open.\n")
        elif not request.is_lost:
            topic = Topic(number_of(query.get("mailbox")), number_of(query.get("subscription")))
            self._viewers.open(request, topic, partial(self._entrance.may_stay, visitor))

    async def _send(
        self, request: BoundedRequest, status: HTTPStatus, page: Page, visitor: Visitor
    ) -> None:
        self._set_cookie(request, visitor)
        values = {**page.values, **self._frame(request, page, visitor)}
        body = await self._in_thread(self._templates.render, page.template, values)
        request.answer(status, body, HTML)

    def _frame(self, request: BoundedRequest, page: Page, visitor: Visitor) -> dict[str, Any]:
        """What every page is given."""
        time = self._laboratory.time() if self._laboratory else None
        return {
            "now_s": time.now_s if time else float(self._around.management.now_s()),
            "time": time,
            "csrf": self._guard.token(visitor.cookie),
            "visitor": visitor.name,
            "may_log_out": visitor.name is not None,
            "url": request.uri.decode("ascii", "replace"),
            "live": None if page.follows is None else f"{ROOT}/live?{urlencode(page.follows)}",
            "is_part": is_htmx(request),
            "has_laboratory": time is not None,
        }

    async def _refuse(self, request: BoundedRequest, refused: Refused, visitor: Visitor) -> None:
        values = {"status": refused.status, "text": str(refused), "is_good": False, "back": "/"}
        is_part = is_htmx(request) and request.method == b"POST"
        page = Page("said.html" if is_part else "refused.html", values)
        await self._send(request, refused.status, page, visitor)

    # What is posted

    async def _act(self, request: BoundedRequest, path: str, visitor: Visitor) -> None:
        form = form_of(request)
        self._guard.check(request, form)
        if path == "/logout" and isinstance(self._entrance, Administrators):
            self._entrance.log_out(visitor)
            self._viewers.check()
            self._redirect(request, f"{ROOT}/login")
            return
        began_s = monotonic()
        page = await self._carry_out(path, form, visitor)
        log.info(
            "inspector.acted",
            administrator=visitor.name,
            origin=visitor.origin,
            what=path,
            ms=round((monotonic() - began_s) * 1000),
        )
        request.setHeader(b"HX-Trigger", b"acted")
        await self._send(request, HTTPStatus.OK, page, visitor)

    async def _carry_out(self, path: str, form: Mapping[str, str], visitor: Visitor) -> Page:
        if found := _ACTION.fullmatch(path):
            return await self._in_thread(
                actions.act, self._around, visitor.actor, form, *segments_of(found)
            )
        if (found := _LABORATORY_ACTION.fullmatch(path)) and self._laboratory is not None:
            page = await laboratory_pages.act(self._laboratory, found[1], form)
            self._viewers.tell_all()
            return page
        raise NotFound

    # Logging in

    async def _log_in(self, request: BoundedRequest, administrators: Administrators) -> None:
        visitor, query = new_visitor(request), query_of(request)
        page = Page("login.html", {"trouble": None, "next": query.get("next", "")})
        if request.method != b"POST":
            await self._send(request, HTTPStatus.OK, page, visitor)
            return
        form = form_of(request)
        self._guard.check(request, form)
        try:
            cookie = await administrators.log_in(
                form.get("name", ""), form.get("password", ""), origin_of(request)
            )
        except Refused as refused:
            values = {"trouble": str(refused), "next": form.get("next", "")}
            await self._send(request, refused.status, Page("login.html", values), visitor)
            return
        self._set_cookie(request, Visitor(None, "", cookie, has_new_cookie=True))
        self._redirect(request, _own_path(form.get("next", "")))

    def _send_to_login(self, request: BoundedRequest, path: str) -> None:
        login = f"{ROOT}/login"
        if is_htmx(request):
            request.setHeader(b"HX-Redirect", login.encode())
        if is_htmx(request) or path == "/live" or request.method == b"POST":
            request.answer(401, b"Log in first.\n")
        else:
            uri = request.uri.decode("ascii", "replace")
            wanted = "" if path in ("/", "") else f"?next={quote(uri, safe='')}"
            self._redirect(request, f"{login}{wanted}")

    def _set_cookie(self, request: BoundedRequest, visitor: Visitor) -> None:
        if visitor.has_new_cookie:
            secure = "; Secure" if self._guard.is_secure(request) else ""
            cookie = (
                f"{COOKIE}={visitor.cookie}; Path={ROOT}; HttpOnly; SameSite=Strict;"
                f" Max-Age={round(LONGEST_S)}{secure}"
            )
            request.setHeader(b"Set-Cookie", cookie.encode("ascii"))

    def _redirect(self, request: BoundedRequest, to: str) -> None:
        request.setHeader(b"Location", to.encode("ascii"))
        request.answer(303, b"")


_OWN_PATH = re.compile(r"/inspect(?:[/?][!-~]{0,2000})?")


def _own_path(text: str) -> str:
    """A path of ours to go on at: nobody is sent anywhere else."""
    return text if _OWN_PATH.fullmatch(text) and "//" not in text else f"{ROOT}/"


def _answer_bug(failure: Failure, request: BoundedRequest) -> None:
    log.critical("inspector.bug", traceback=failure.getTraceback())
    request.answer(500, b"Internal error.\n")
