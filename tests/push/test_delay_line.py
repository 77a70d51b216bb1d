"""Handing each thing on after the same time."""

from twisted.internet.task import Clock

from ewspush.push.delay_line import DelayLine


def test_each_is_handed_on_after_the_time_and_in_order() -> None:
    clock, handed = Clock(), list[tuple[str, float]]()
    line = DelayLine[str](clock, 2.0, lambda one: handed.append((one, clock.seconds())))
    line.put("a")
    clock.advance(1)
    line.put("b")
    line.put("c")
    clock.pump([0.5] * 10)
    assert handed == [("a", 2.0), ("b", 3.0), ("c", 3.0)]


def test_one_may_be_put_in_again_when_it_is_handed_on() -> None:
    clock, handed = Clock(), list[float]()

    def again(one: str) -> None:
        handed.append(clock.seconds())
        line.put(one)

    line = DelayLine[str](clock, 2.0, again)
    line.put("a")
    clock.pump([1.0] * 7)
    assert handed == [2.0, 4.0, 6.0]


def test_one_timer_serves_all() -> None:
    clock = Clock()
    line = DelayLine[int](clock, 2.0, lambda _: None)
    for number in range(10):
        line.put(number)
    assert len(clock.getDelayedCalls()) == 1


def test_nothing_is_handed_on_after_the_stop() -> None:
    clock, handed = Clock(), list[str]()
    line = DelayLine[str](clock, 2.0, handed.append)
    line.put("a")
    line.stop()
    assert clock.getDelayedCalls() == []
    clock.advance(5)
    assert handed == []
