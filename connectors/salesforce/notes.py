"""A note as a CaseComment: internal, signed, and never longer than Salesforce keeps. Pure.

A comment holds 4,000 bytes of UTF-8, which is 1,333 Chinese characters, and a longer one is refused. So a long note is
cut at a character, keeps its beginning, its links and its mark, and says that it was cut.
"""

import re

from connectors.marks import signed
from connectors.wire_json import storable

MOST_BYTES = 4000
MOST_LINKS = 3
MOST_LINK_BYTES = 500
CUT = "[…] The note is longer than Salesforce keeps (4,000 bytes); the whole of it is in the case."
#: What a composite request takes for the value of another part's answer, in the middle of any text.
_REFERENCE = re.compile(r"@(?=\{)")


def comment_body(note: str, mark: str) -> str:
    """Return the note with the mark as its last line, cut to what a comment holds."""
    whole = signed(plain(note), mark)
    if _size(whole) <= MOST_BYTES:
        return whole
    links = [line for line in plain(note).splitlines() if "://" in line and _size(line) <= MOST_LINK_BYTES][
        -MOST_LINKS:
    ]
    tail = signed("\n\n" + "\n".join([CUT, *links]), mark)
    kept = plain(note).encode()[: MOST_BYTES - _size(tail)].decode(errors="ignore").rstrip()
    missing = [link for link in links if link not in kept.splitlines()]
    return kept + signed("\n\n" + "\n".join([CUT, *missing]), mark)


def plain(text: str) -> str:
    """Return the text as a composite request can carry it: whole characters, and "@ {" for "@{"."""
    return _REFERENCE.sub("@ ", storable(text))


def _size(text: str) -> int:
    return len(text.encode())
