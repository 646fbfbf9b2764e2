import pickle

import numpy as np
import pytest

from sweeps.strategies.contract import Signals
from sweeps.strategies.errors import ShortSideError, SignalError
from sweeps.strategies.events import to_events

L, S, XL, XS = 1, 2, 4, 8


def events_of(result, direction="both", *, warm=0, start=0, n=None, short=True):
    n = n or len(result.entries if isinstance(result, Signals) else result)
    return to_events(result, direction, short_allowed=short, warm=warm, n=n, start=start)[0].tolist()


def flags(text: str):
    return np.array([mark == "x" for mark in text])


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        ("long", [0, L, 0, XL, 0, L, XL, 0]),
        ("both", [S, L, 0, S, 0, L, S, 0]),
        ("short", [S, XS, 0, S, 0, XS, S, 0]),
    ],
)
def test_a_boolean_state_means_each_direction(direction, expected):
    assert events_of(flags(".xx..x.."), direction) == expected


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        ("long", [0, L, XL, 0, L, 0, XL, 0]),
        ("both", [0, L, S, XS, L, 0, XL, S]),
        ("short", [0, 0, S, XS, 0, 0, 0, S]),
    ],
)
@pytest.mark.parametrize("kind", [int, np.int8, float])
def test_a_signed_state_is_clipped_to_its_direction(direction, expected, kind):
    assert events_of(np.array([0, 1, -1, 0, 1, 1, 0, -1], kind), direction) == expected


def test_a_list_is_a_state_too():
    assert events_of([True, True, False], "long") == [L, 0, XL]


def test_a_reversal_enters_without_an_exit_bit():
    assert events_of(np.array([1, -1, 1])) == [L, S, L]


def test_before_the_warm_bar_a_state_is_flat_even_where_false_means_short():
    assert events_of(flags("x...x"), "both", warm=2) == [0, 0, S, 0, L]
    assert events_of(flags("x...x"), "short", warm=2) == [0, 0, S, 0, XS]
    assert events_of(flags("xxxxx"), "long", warm=2) == [0, 0, L, 0, 0]
    assert events_of(flags("xxxxx"), "long", warm=9) == [0] * 5


def test_values_before_the_warm_bar_do_not_matter():
    assert events_of(np.array([np.nan, 7.0, 1.0]), "long", warm=2) == [0, 0, L]


def test_every_window_starts_flat():
    assert events_of(flags("xxxx."), "long", start=2) == [L, 0, XL]
    assert events_of(flags("....."), "both", start=2) == [S, 0, 0]
    assert events_of(flags("xxxxx"), "long", start=2, warm=3) == [0, L, 0]
    assert events_of((flags("xxxx."), flags("....x")), "long", n=5, start=2) == [L, 0, XL]


def test_an_entry_acts_on_its_rising_edge_and_an_exit_wherever_it_is():
    assert events_of((flags("xx..xx"), flags("..xx..")), "long", n=6) == [L, 0, XL, XL, L, 0]


def test_an_entry_and_an_exit_on_one_bar_do_nothing():
    assert events_of((flags("x.x."), flags("x..x")), "long", n=4) == [0, 0, L, XL]
    assert events_of((flags(".xxx"), flags(".x..")), "long", n=4) == [0, 0, L, 0]


def test_entries_of_both_sides_on_one_bar_do_nothing():
    result = Signals(
        entries=flags("xx.."), exits=flags("...x"), short_entries=flags("x.x."), short_exits=flags("....")
    )
    assert events_of(result) == [0, L, S, XL]


def test_a_side_that_may_not_trade_is_not_looked_at():
    result = Signals(
        entries=flags("x..x"), exits=flags(".x.."), short_entries=flags("x.x."), short_exits=flags("...x")
    )
    assert events_of(result, "long") == [L, XL, 0, L]
    assert events_of(result, "short") == [S, 0, S, XS]


def test_one_bar_may_close_one_side_and_open_the_other():
    result = (flags("x..."), flags("..x."), flags("..x."), flags("x..."))
    assert events_of(result, "both", n=4) == [L | XS, 0, S | XL, 0]


def test_entries_without_exits_leave_exits_to_the_config():
    assert events_of(Signals(entries=flags("x.x")), "long") == [L, 0, L]


def test_warm_up_silences_entries_and_exits():
    assert events_of((flags("xxx."), flags("...x")), "long", n=4, warm=2) == [0, 0, L, XL]
    assert events_of((flags("...."), flags("xx..")), "long", n=4, warm=1) == [0, XL, 0, 0]


def test_the_stop_distance_is_cut_to_the_window():
    result = Signals(state=flags(".xx."), stop_distance=[np.nan, 1.0, 2.0, 3.0])
    events, stop = to_events(result, "long", short_allowed=False, warm=1, n=4, start=1)
    assert events.dtype == np.uint8
    assert events.tolist() == [L, 0, XL]
    assert stop.tolist() == [1.0, 2.0, 3.0]
    assert to_events(flags("xx"), "long", short_allowed=False, warm=0, n=2)[1] is None


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (flags("xx"), "shape"),
        (np.zeros((3, 1)), "shape"),
        (np.array(["a", "b", "c"]), "expected booleans or numbers"),
        (np.array([0, 2, 0]), "state is 2 at bar 1"),
        (np.array([0.0, 0.5, 0.0]), "state is 0.5 at bar 1"),
        (np.array([0.0, 0.0, np.nan]), "state is nan at bar 2"),
        (np.array([0.0, np.inf, 0.0]), "state is inf"),
        (None, "nothing"),
        ((flags("xxx"),), "a tuple of 1"),
        ((flags("xxx"), np.array([0, 3, 0])), "exits is 3"),
        ((flags("xxx"), flags("x")), "exits has shape"),
        (Signals(), "neither"),
        (Signals(state=flags("xxx"), entries=flags("xxx")), "one of the two"),
        (Signals(state=flags("xxx"), stop_distance=[1.0, -1.0, 1.0]), "stop_distance is -1.0 at bar 1"),
        (Signals(state=flags("xxx"), stop_distance=[1.0]), "stop_distance has shape"),
    ],
)
def test_what_is_not_a_signal_is_refused(result, reason):
    with pytest.raises(SignalError, match="mine returned a bad signal") as caught:
        to_events(result, "long", short_allowed=True, warm=0, n=3, strategy="mine")
    assert reason in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301


def test_a_declared_short_side_must_be_returned():
    with pytest.raises(SignalError, match="no short_entries"):
        events_of(Signals(entries=flags("x.."), exits=flags("..x")), "both")


@pytest.mark.parametrize("direction", ["short", "both"])
def test_a_short_side_that_is_not_declared_is_refused(direction):
    with pytest.raises(ShortSideError, match=r"execution\.direction"):
        events_of(flags("xx"), direction, short=False)
