"""Words that are not ours (customers', agents', vendors') made harmless before Slack shows them."""

import re
import unicodedata

ELLIPSIS = "…"
#: Slack's own: these three begin mentions, links and entities in mrkdwn.
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_LONGEST_ESCAPE = len("&amp;")
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")


def plain(words: str, most: int) -> str:
    """Return one line for a plain_text object, at most `most` characters; "—" when nothing is left of it.

    Control characters and those that turn the reading direction or have no width are taken out: with them an amount
    can be made to read backwards.
    """
    return shortened(_SPACES.sub(" ", _visible(words).replace("\n", " ")).strip(), most) or "—"


def plain_lines(words: str, most: int) -> str:
    """Return the same with line breaks kept, one at a time."""
    return shortened(_LINES.sub("\n", _SPACES.sub(" ", _visible(words))).strip(), most) or "—"


def marked(words: str, most: int) -> str:
    """Return one line for a mrkdwn object or a top-level text: no mention, link or entity can come out of it.

    The object that holds it must be `verbatim`, or Slack makes links of bare addresses. `most` counts the escaped
    characters, as Slack does.
    """
    line = plain(words, most)
    escaped = line.translate(_ESCAPES)
    while len(escaped) > most:
        line = shortened(line, len(line) - max(1, (len(escaped) - most) // _LONGEST_ESCAPE))
        escaped = line.translate(_ESCAPES)
    return escaped


def shortened(words: str, most: int) -> str:
    """Return the words, cut with "…" at the end when they have more than `most` characters."""
    return words if len(words) <= most else words[: most - len(ELLIPSIS)] + ELLIPSIS


def _visible(words: str) -> str:
    lines = words.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(each for each in lines if each == "\n" or unicodedata.category(each) not in ("Cc", "Cf", "Cs", "Co"))
