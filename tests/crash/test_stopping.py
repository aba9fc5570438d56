"""A worker that is stopped, in good order or in the middle of something, leaves nothing behind and loses nothing."""

import threading
import time
from collections.abc import Callable

import pytest
import sqlalchemy as sa

import store.jobs
from cases.case import Stage
from store.database import Database, create_engine, normal_url
from store.jobs import DurableJobs, QueueSettings, Worker
from tests.crash.claims import make_claims
from tests.crash.people import People
from tests.crash.product import Process, running, until
from tests.crash.town import town

QUEUES = (QueueSettings(name="work", concurrency=2),)


@pytest.fixture(autouse=True)
def _short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store.jobs, "LEASE_SECONDS", 0.6)


def test_a_stopped_worker_leaves_no_connection_open(store_url: str) -> None:
    before = _connections(store_url)

    worker, engine = _working(store_url, lambda _key: None)
    worker.stop()
    engine.dispose()

    assert _connections(store_url) == before


def test_a_job_that_outlasts_its_stopping_worker_is_taken_over(store_url: str) -> None:
    begun, ended, done = threading.Event(), threading.Event(), threading.Event()

    def slow(_key: str) -> None:
        begun.set()
        ended.wait(20)

    first, engine = _working(store_url, slow)
    with Database(engine, _jobs(engine)).begin() as tx:
        tx.enqueue("work", "one")
    assert begun.wait(10)
    first.stop(wait_seconds=0)
    second, another = _working(store_url, lambda _key: done.set())
    taken_over = done.wait(10)
    ended.set()
    second.stop()
    engine.dispose()
    another.dispose()

    assert taken_over


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_asked_to_end_the_product_ends_in_good_order_and_goes_on_next_time(store_url: str) -> None:
    claims = make_claims(2)
    with town(store_url) as here:
        here.know(claims)
        house = here.house()
        product = Process(town=here, arguments=("run",))
        with running(product):
            until(product.is_ready, seconds=30, what="the product did not start")
            here.bring(claims, notify=True)
            people = People.of(here, house, claims, at_once=1)
            until(lambda: _clicked(people) >= len(claims), seconds=30, what="nobody was asked")
            product.ask_to_end()
            code = product.wait(seconds=45)
            with house.database.read() as connection:
                leases = connection.execute(sa.text("SELECT count(*) FROM leases")).scalar()
            product.start()
            until(product.is_ready, seconds=30, what="the product did not come back")
            until(lambda: _closed(people) == len(claims), seconds=30, what="the rest was not done")
        house.close()

    assert code == 0
    assert leases == 0


def _working(url: str, do: Callable[[str], None]) -> tuple[Worker, sa.Engine]:
    engine = create_engine(url)
    jobs = _jobs(engine)
    worker = Worker(Database(engine, jobs), jobs, url, QUEUES)
    worker.start({"work": do}, on_fenced=lambda: None, alone=engine.dialect.name == "sqlite")
    return worker, engine


def _jobs(engine: sa.Engine) -> DurableJobs:
    return DurableJobs(engine, lambda _kind, _key: "work")


def _connections(url: str) -> int:
    """Return how many others are connected to a PostgreSQL database; on SQLite, how many descriptors are open."""
    parsed = normal_url(url)
    if parsed.get_backend_name() == "sqlite":
        from pathlib import Path

        return sum(str(parsed.database) in str(each.resolve()) for each in Path("/proc/self/fd").iterdir())
    engine = create_engine(url)
    with engine.connect() as connection:
        time.sleep(0.2)  # The server notices that a client has gone a moment later.
        asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        found = int(connection.exec_driver_sql(asked).scalar_one())
    engine.dispose()
    return found


def _clicked(people: People) -> int:
    people.look()
    return people.clicks


def _closed(people: People) -> int:
    people.look()
    with people.house.database.read() as connection:
        stages = [each.case.stage for each in people.house.desk.cases.list(connection)]
    return stages.count(Stage.CLOSED)
