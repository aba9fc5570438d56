"""What arrived at a door is kept once, handled once, and forgotten in time."""

from datetime import timedelta

from store import deliveries
from store.database import Database
from store.deliveries import Delivery
from tests.store.at_once import at_once
from tests.store.stories import NOON


def keep(database: Database, delivery_id: str = "a", *, source: str = "zendesk", body: str = "{}") -> bool:
    with database.begin() as tx:
        return deliveries.keep(tx, source=source, delivery_id=delivery_id, body=body, now=NOON)


def found(database: Database, delivery_id: str = "a") -> Delivery | None:
    with database.read() as connection:
        return deliveries.find(connection, "zendesk", delivery_id)


def test_a_delivery_that_comes_again_is_kept_as_it_came_first(database: Database) -> None:
    assert keep(database, body='{"first": "信"}')
    assert not keep(database, body='{"second": true}')

    assert found(database) == Delivery(
        source="zendesk", delivery_id="a", body='{"first": "信"}', received_at=NOON, outcome=None
    )
    assert found(database, "b") is None


def test_two_senders_may_use_the_same_id(database: Database) -> None:
    assert keep(database, source="zendesk")
    assert keep(database, source="slack")


def test_of_many_repeats_that_come_at_once_one_is_kept(database: Database) -> None:
    assert sorted(at_once(8, lambda _: keep(database))) == [False] * 7 + [True]


def test_what_came_of_it_is_recorded_once(database: Database) -> None:
    keep(database)
    delivery = found(database)
    assert delivery is not None

    with database.begin() as tx:
        assert deliveries.handled(tx, delivery, "approved", now=NOON)
        assert not deliveries.handled(tx, delivery, "too late", now=NOON)
        deliveries.end(tx, "zendesk", "a", now=NOON)

    again = found(database)
    assert again is not None
    assert again.outcome == "approved"


def test_of_many_who_handle_it_at_once_one_is_recorded(database: Database) -> None:
    keep(database)
    delivery = found(database)
    assert delivery is not None

    def handle(number: int) -> bool:
        with database.begin() as tx:
            return deliveries.handled(tx, delivery, f"outcome {number}", now=NOON)

    firsts = at_once(8, handle)

    assert sum(firsts) == 1
    again = found(database)
    assert again is not None
    assert again.outcome == f"outcome {firsts.index(True)}"


def test_only_what_was_handled_is_forgotten(database: Database) -> None:
    keep(database, "waits")
    with database.begin() as tx:
        deliveries.keep(tx, source="zendesk", delivery_id="done", body="{}", now=NOON, outcome="")
        deliveries.keep(tx, source="zendesk", delivery_id="ended", body="{}", now=NOON)
        deliveries.end(tx, "zendesk", "ended", now=NOON)

        assert deliveries.forget_handled(tx, before=NOON) == 0
        assert deliveries.forget_handled(tx, before=NOON + timedelta(seconds=1)) == 2

    assert found(database, "waits") is not None
    assert found(database, "done") is None
