"""The sheet that our pages are written on: one style, light, dark, narrow and on paper; no script, nothing loaded."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_FOLDER = Path(__file__).parent / "templates"
#: The style of every sheet, as it stands in the page.
STYLE = (_FOLDER / "sheet.css").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a page under a heading of its own.

    Fields:
        id: What links to it name: "changes".
        title: Its heading.
        body: HTML; everything foreign in it is escaped already.
    """

    id: str
    title: str
    body: Markup


def sheet(title: str, body: str, *, language: str) -> str:
    """Return a whole page around a body of HTML. language: "en" or "zh"."""
    page = _bare().get_template("sheet.html")
    return page.render(title=title, body=Markup(body), language=language, style=Markup(STYLE))  # noqa: S704  # Ours.


def environment(folder: Path) -> Environment:
    """Return what fills in the templates of a folder, everything escaped; `parts.html` is at hand in each."""
    return Environment(
        loader=ChoiceLoader([FileSystemLoader(folder), FileSystemLoader(_FOLDER)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _bare() -> Environment:
    return environment(_FOLDER)
