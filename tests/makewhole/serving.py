"""The web door of a house, served in this process for as long as a test needs it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from makewhole.background import queues
from makewhole.starting import doors, listening
from store.jobs import Worker
from tests.makewhole.conftest import house_of, wait_until
from web.app import create_app, server


@contextmanager
def served(settings: Path) -> Iterator[None]:
    """Serve webhooks with these settings until the block ends; nothing works off what they bring."""
    with house_of(settings) as house:
        listen = house.settings.listen
        idle = Worker(house.database, house.jobs, house.settings.database, queues(house.settings))
        with listening(listen.host, listen.port) as listener:
            made = server(create_app(doors(house, idle)), host=listen.host, port=listen.port)
            thread = threading.Thread(target=lambda: asyncio.run(made.serve(sockets=[listener])), daemon=True)
            thread.start()
            wait_until(lambda: made.started)
            try:
                yield
            finally:
                made.should_exit = True
                thread.join(20)
