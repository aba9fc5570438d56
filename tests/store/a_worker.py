"""A worker in a process of its own, to be killed: python -m tests.store.a_worker URL FILE hangs|works [alone]."""

import os
import sys
import threading
from pathlib import Path

from store.database import Database, create_engine
from store.jobs import DurableJobs, QueueSettings, Worker

KINDS = {"note": "work"}
FENCED = 75


def main(url: str, file: str, mood: str, alone: str = "") -> None:
    """Work until killed; write down in the file which job began, and which ended."""
    engine = create_engine(url)
    jobs = DurableJobs(engine, lambda kind, _key: KINDS[kind])
    worker = Worker(Database(engine, jobs), jobs, url, (QueueSettings(name="work", concurrency=4),))

    def note(key: str) -> None:
        write(f"began {key}")
        if mood == "hangs":
            threading.Event().wait()
        write(f"ended {key}")

    def write(line: str) -> None:
        with Path(file).open("a", encoding="utf-8") as out:
            out.write(f"{line}\n")

    worker.start({"note": note}, on_fenced=lambda: os._exit(FENCED), alone=bool(alone))
    write("ready")
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
