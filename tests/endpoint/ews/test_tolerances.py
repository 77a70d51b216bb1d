"""The list of what is accepted beyond the contract, and its limits."""

import pytest

from ewspush.endpoint.ews.tolerances import TOLERANCES
from support.ews import replaced, subscribe
from support.schemas import our_violations

FREQUENCY = "<t:StatusFrequency>5</t:StatusFrequency>"
WATERMARK = "<m:Watermark>AAAAAAAAAAA=</m:Watermark>"


def test_each_tolerance_says_for_whom_it_is():
    assert all(each.client and each.accepts for each in TOLERANCES)


@pytest.mark.parametrize("watermark", [WATERMARK, ""])
def test_what_is_tolerated_breaks_the_contract(watermark):
    request = subscribe(watermark=watermark, frequency="" if not watermark else FREQUENCY)
    assert len(our_violations(request)) == 1


def test_a_status_frequency_that_is_missing_is_30(ews):
    ews.ask(subscribe(frequency=""))
    assert [each.status_frequency_min for each in ews.stored()] == [30]


def test_a_status_frequency_that_is_missing_after_a_watermark_is_30(ews):
    mark = ews.ask(subscribe()).text("m:Watermark")
    watermark = f"<m:Watermark>{mark}</m:Watermark>"
    request = subscribe(watermark=watermark, frequency="", more="<t:CallerData/>")
    assert ews.ask(request).codes == ["NoError"]
    assert sorted(each.status_frequency_min for each in ews.stored()) == [5, 30]


NOT_TOLERATED = {
    "m:Watermark in the wrong place": subscribe(frequency=f"{FREQUENCY}{WATERMARK}"),
    "m:Watermark twice": subscribe(watermark=WATERMARK * 2),
    "m:Watermark empty": subscribe(watermark="<m:Watermark/>"),
    "StatusFrequency after URL": subscribe(frequency="", more=FREQUENCY),
    "StatusFrequency empty": subscribe(frequency="<t:StatusFrequency/>"),
    "other elements of m:": subscribe(frequency=FREQUENCY.replace("t:", "m:")),
    "no URL either": replaced(
        subscribe(frequency=""), "<t:URL>http://responder.example/push?key=1&amp;b=2</t:URL>", ""
    ),
    "URL alone": replaced(
        subscribe(folders="", frequency=""),
        "<t:EventTypes><t:EventType>NewMailEvent</t:EventType></t:EventTypes>",
        "",
    ),
}


@pytest.mark.parametrize("request_", NOT_TOLERATED.values(), ids=NOT_TOLERATED)
def test_nothing_else_is_tolerated(shared_ews, request_):
    assert shared_ews.ask(request_).codes == ["ErrorSchemaValidation"]
