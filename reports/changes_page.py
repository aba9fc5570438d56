"""What a new version of a policy changes, as HTML: the text piece by piece, and the cases it decides otherwise."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import Template
from markupsafe import Markup

from policy.authoring.sheet import environment, sheet
from reports.differences import Compared, Differences, Tried, inputs_of
from reports.words import Language, said

_FOLDER = Path(__file__).parent / "templates"
#: So many changed cases of a kind are shown; they are all counted.
MOST_SHOWN = 60


def changes_page(found: Differences, *, language: Language) -> str:
    """Return the page that `makewhole policy diff --html` writes."""
    words = said(language)
    title = words["follows"].format(a=found.old.label, b=found.new.label)
    head = Markup("<h1>{}</h1>").format(title)
    return sheet(
        title, Markup("<main>{}{}</main>").format(head, changes_shown(found, language=language)), language=language
    )


def changes_shown(found: Differences, *, language: Language, level: int = 2) -> Markup:
    """Return the same as a part of another page. level: That of its headings."""
    words = said(language)
    return Markup(  # noqa: S704  # The template escapes.
        _template().render(
            words=words,
            found=found,
            level=level,
            kinds=[(words[f"on {each.kind}"], each, *_rows(each, words)) for each in found.compared],
            hows={each.how: words[each.how] for each in found.texts},
        )
    )


def _rows(
    compared: Compared, words: Mapping[str, str]
) -> tuple[list[tuple[str, int, list[tuple[str, str, str]]]], int]:
    """Return (case, how many are like it, what differs) of the first changes, and how many are not shown."""
    at_bounds = compared.kind is Tried.BOUNDS
    changes = compared.one_of_each() if at_bounds else [(each, 1) for each in compared.changes]
    rows = [
        (
            inputs_of(change) if at_bounds else change.given.name,
            like,
            [(words[what], _told(was, words), _told(now, words)) for what, was, now in change.what],
        )
        for change, like in changes[:MOST_SHOWN]
    ]
    return rows, len(changes) - len(rows)


def _told(text: str, words: Mapping[str, str]) -> str:
    """Return what a version makes of a case, its classification in the reader's language."""
    return words.get(text.replace(" ", "_"), text)


@cache
def _template() -> Template:
    return environment(_FOLDER).get_template("changes.html")
