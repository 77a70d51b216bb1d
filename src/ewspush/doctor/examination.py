"""The examination of one responder: what is looked at in which order, and when it is over."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ewspush.doctor import answers, certificates, network, strictness
from ewspush.doctor.answers import Result, Terms
from ewspush.doctor.findings import Finding, Judgement, Step, Verdict, skipped
from ewspush.doctor.messages import GARBAGE, Messages
from ewspush.doctor.network import Connected, Policies
from ewspush.doctor.probes import NoAddress, Probes
from ewspush.endpoint.contract import Contract
from ewspush.push.address_policy import Target
from ewspush.push.sender import FailureKind, NoAnswer

_TRIED = 8  # addresses
_MORE_POSTS = (
    Step.EVENT,
    Step.DUPLICATE,
    Step.BATCH,
    Step.ERROR_MESSAGE,
    Step.GARBAGE,
    Step.AFTER_GARBAGE,
)
_NO_TLS = frozenset((FailureKind.TIMEOUT, FailureKind.RESET, FailureKind.TLS))


class _Over(Exception):
    """Nothing more can be looked at. `str()` says why."""


@dataclass(frozen=True, slots=True)
class Case:
    """Whom to examine, and by what standards."""

    url: str
    policies: Policies
    terms: Terms
    messages: Messages
    contract: Contract
    now: datetime


class Examination:
    """Examines once, and tells each finding as soon as it is made."""

    def __init__(self, case: Case, probes: Probes, tell: Callable[[Finding], None]) -> None:
        self.findings: list[Finding] = []
        self._case = case
        self._probes = probes
        self._tell_outside = tell
        self._results: list[Result] = []

    async def run(self) -> None:
        """Tell of every step, in their order."""
        try:
            await self._look()
        except _Over as over:
            told = {finding.step for finding in self.findings}
            for step in Step:
                if step not in told:
                    self._tell(step, skipped(str(over)))

    @property
    def has_problems(self) -> bool:
        return any(each.judgement.verdict is Verdict.PROBLEM for each in self.findings)

    async def _look(self) -> None:
        target, judgement = network.judge_url(self._case.url, self._case.policies)
        self._tell(Step.URL, judgement)
        if target is None:
            raise _Over("the URL cannot be used")
        addresses = await self._addresses(target)
        await self._connections(target, addresses)
        first = await self._post(target, self._case.messages.status)
        await self._certificates(target, addresses, first)
        self._tell(Step.STATUS_EVENT, answers.of_notification(first, self._case.terms))
        obstacle = answers.obstacle(first)
        if obstacle is not None:
            for step in _MORE_POSTS:
                self._tell(step, skipped(obstacle))
            self._sum_up([first])
            return
        more = await self._notifications(target)
        after = await self._troubles(target, first)
        self._sum_up([first, *more, after])

    async def _addresses(self, target: Target) -> list[str]:
        host, port = network.host_and_port(target)
        try:
            found = await self._probes.lookup(host, port)
        except NoAddress as error:
            self._tell(Step.ADDRESSES, network.of_failed_lookup(host, str(error)))
            raise _Over("the name has no address") from None
        usable, judgement = network.judge_addresses(found, self._case.policies)
        self._tell(Step.ADDRESSES, judgement)
        if not usable:
            raise _Over("there is no address that may be called")
        return usable

    async def _connections(self, target: Target, addresses: list[str]) -> None:
        _, port = network.host_and_port(target)
        tries: list[Connected] = []
        for address in addresses[:_TRIED]:
            tries.append(await self._probes.connect(address, port))
        self._tell(Step.CONNECTION, network.of_connections(tries))
        addresses[:] = [each.address for each in tries if each.ms is not None]
        if not addresses:
            raise _Over("nothing can be connected to")

    async def _certificates(self, target: Target, addresses: list[str], first: Result) -> None:
        if target.url.startswith("http:"):
            is_loopback = all(map(network.is_loopback, addresses))
            self._tell(Step.CERTIFICATE, certificates.of_plain_http(is_loopback=is_loopback))
            return
        host, port = network.host_and_port(target)
        chain = await self._probes.chain(addresses[0], port, host)
        if not _is_without_tls(first):
            self._tell(Step.CERTIFICATE, certificates.of_certificates(chain, self._case.now))
            return
        assert isinstance(first, NoAnswer)
        refused = chain if first.kind is FailureKind.TLS else ()
        self._tell(Step.CERTIFICATE, certificates.of_refusal(refused, first, self._case.now))
        raise _Over("no TLS connection comes about")

    async def _notifications(self, target: Target) -> list[Result]:
        messages, terms = self._case.messages, self._case.terms
        event = await self._post(target, messages.event)
        self._tell(Step.EVENT, answers.of_notification(event, terms))
        again = await self._post(target, messages.event)
        self._tell(Step.DUPLICATE, answers.of_duplicate(event, again, terms))
        batch = await self._post(target, messages.batch)
        self._tell(Step.BATCH, answers.of_notification(batch, terms))
        return [event, again, batch]

    async def _troubles(self, target: Target, first: Result) -> Result:
        messages, terms = self._case.messages, self._case.terms
        error = await self._post(target, messages.error)
        self._tell(Step.ERROR_MESSAGE, answers.of_error_message(error, terms))
        garbage = await self._post(target, GARBAGE)
        self._tell(Step.GARBAGE, answers.of_garbage(garbage, terms))
        after = await self._post(target, messages.last_status)
        self._tell(Step.AFTER_GARBAGE, answers.of_status_after_garbage(first, after, terms))
        return after

    def _sum_up(self, notified: list[Result]) -> None:
        """What is said of all answers together: of those to notifications, and of every one."""
        terms = self._case.terms
        form = strictness.of_acknowledgements(notified, self._case.contract, terms.redaction)
        self._tell(Step.ACKNOWLEDGEMENT, form)
        self._tell(Step.TIME, answers.of_times(self._results, terms))

    async def _post(self, target: Target, body: bytes) -> Result:
        result: Result
        try:
            result = await self._probes.post(target.url, body)
        except NoAnswer as error:
            result = error
        self._results.append(result)
        return result

    def _tell(self, step: Step, judgement: Judgement) -> None:
        finding = Finding(step, judgement)
        self.findings.append(finding)
        self._tell_outside(finding)


def _is_without_tls(result: Result) -> bool:
    """Whether no TLS connection was there when the attempt failed."""
    return isinstance(result, NoAnswer) and result.kind in _NO_TLS and result.times.tls_us is None
