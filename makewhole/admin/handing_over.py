"""A new secret's only way to a person: once to their terminal, or into a new file that nobody else may read."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from makewhole.trouble import WrongUsage

OWNER_ONLY = 0o600


class Paper:
    """Where one secret is written down; nothing is kept of it. `used`: whether it was.

    rehearsal: No paper is needed then, and nothing is written.
    """

    def __init__(self, file: Path | None, *, rehearsal: bool) -> None:
        self.file = file
        self._rehearsal = rehearsal
        self.used = False
        self._descriptor: int | None = None

    def make_ready(self) -> None:
        """Make sure that a secret can be written down, before one is asked for; raises WrongUsage.

        A file must be a new one. Without one, only a terminal will do: elsewhere a secret ends up in a log.
        """
        if self._descriptor is not None or self._rehearsal:
            return
        if self.file is None:
            if not sys.stdout.isatty():
                raise WrongUsage("This is no terminal: name a new file for the secret with --secret-file FILE.")
            return
        try:
            self._descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        except OSError as problem:
            raise WrongUsage(f"{self.file} cannot be written as a new file: {problem.strerror}.") from None

    def write(self, secret: str) -> str:
        """Write the secret down and return where it stands: for the terminal, "above"."""
        self.make_ready()
        if self._rehearsal:
            return "not shown in a rehearsal"
        self.used = True
        if self._descriptor is None:
            sys.stdout.write(f"{secret}\n")
            return "above; it is shown only this once"
        os.write(self._descriptor, f"{secret}\n".encode())
        return f"in {self.file}, which only you may read"

    def put_away(self) -> None:
        """Close the file, and remove it when nothing was written."""
        if self._descriptor is not None and self.file is not None:
            os.close(self._descriptor)
            if not self.used:
                self.file.unlink()


@contextmanager
def paper(file: Path | None, *, rehearsal: bool = False) -> Iterator[Paper]:
    """Lend a paper for one secret."""
    lent = Paper(file, rehearsal=rehearsal)
    try:
        yield lent
    finally:
        lent.put_away()
