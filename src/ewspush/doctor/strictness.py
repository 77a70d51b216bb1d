"""Whether an acknowledgement is right by the letter, which the server does not insist on."""

from collections.abc import Collection

from ewspush.core.subscription import SubscriptionStatus
from ewspush.doctor.answers import Result, status_of
from ewspush.doctor.findings import Judgement, ok, problem, skipped, warning
from ewspush.doctor.redaction import Redaction, one_line
from ewspush.endpoint.contract import Contract
from ewspush.endpoint.violations import violation
from ewspush.push.sender import Answer
from ewspush.wire import ack, soap, xml
from ewspush.wire.namespaces import MESSAGES

_RESULT = f"{{{MESSAGES}}}SendNotificationResult"
_SUCCESS = 2  # the class of HTTP status
_LIMIT = 400  # characters
_EXPECTED = f"Expected is {ack.render(SubscriptionStatus.OK).decode()}"


def of_acknowledgements(
    results: Collection[Result], contract: Contract, redaction: Redaction
) -> Judgement:
    """The form of the acknowledgements, of which the first that is not right counts."""
    bodies = [each.body for each in results if isinstance(each, Answer) and status_of(each)]
    if not any(isinstance(each, Answer) and each.status // 100 == _SUCCESS for each in results):
        return skipped("no answer had a 2xx status")
    if not bodies:
        return problem("no answer was an acknowledgement", _EXPECTED)
    for body in dict.fromkeys(bodies):
        wrong = fault_of(body, contract)
        if wrong is not None:
            text = one_line(redaction.hide(wrong), _LIMIT)
            return warning(
                f"it is understood here, but other servers may be strict: {text}", _EXPECTED
            )
    return ok("right by the letter of the schema, too")


def fault_of(body: bytes, contract: Contract) -> str | None:
    """What a reader that tolerates nothing says of an acknowledgement; None if it is right."""
    try:
        request = soap.read(body)
    except (xml.Unreadable, soap.Violation) as error:
        return str(error)
    if request.body.tag != _RESULT:
        return f"the Body holds {soap.in_words(request.body)}, not {soap.in_words(_RESULT)}."
    wrong = contract.first_error(request.body)
    return None if wrong is None else str(violation(wrong))
