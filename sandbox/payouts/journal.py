"""An append-only file of events: one JSON object per line, written before the event takes effect."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Event = dict[str, Any]


class Journal:
    """A file that is only ever appended to, by one process at a time.

    Each line is handed to the operating system before `append` returns: it outlives a kill -9 of this
    process, not a power cut. A last line without its line end was never answered for and is cut off.
    """

    def __init__(self, path: Path) -> None:
        """Open the journal, making the file when it is not there."""
        self._path = path
        self._path.touch()
        self._cut_torn_line()
        self._file = path.open("ab", buffering=0)

    def events(self) -> Iterator[Event]:
        """Yield every event kept so far, oldest first.

        Raises ValueError when a whole line is not JSON: the file was edited or is something else.
        """
        with self._path.open("rb") as lines:
            for line in lines:
                yield json.loads(line)

    def append(self, event: Event) -> None:
        """Keep one event. Raises OSError when the disk refuses; the event must then not take effect."""
        self._file.write(json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")

    def close(self) -> None:
        """Let go of the file. A second call does nothing."""
        self._file.close()

    def _cut_torn_line(self) -> None:
        kept = self._path.read_bytes()
        whole = kept.rfind(b"\n") + 1
        if whole < len(kept):
            with self._path.open("r+b") as file:
                file.truncate(whole)
