"""What we say in Slack, in the language of whoever reads it; English is the source, other languages are catalogs.

Sentences are marked where they stand: `say("Approve {amount}", amount=…)`, or `later("Finance")` where a table holds
them. After a change run `make words`; tests/bot/test_words.py fails while a catalog is behind.
"""

from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

#: Every language there is a catalog for, and English.
LOCALES = ("en", "zh")
DOMAIN = "bot"
LOCALE_FOLDER = Path(__file__).parent / "locale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language. Calling it gives the sentence in that language with the values in it.

    Fields:
        locale: "en" or "zh".
        catalog: Its translations.
    """

    locale: str
    catalog: NullTranslations

    def __call__(self, sentence: str, /, **values: object) -> str:
        """Return the sentence with `{name}` filled in; a value is put in as it is, braces and all."""
        return self.catalog.gettext(sentence).format(**values)


def later(sentence: str) -> str:
    """Return the sentence as it is, marked for translation where it is said."""
    return sentence


def language(tag: str | None) -> str:
    """Return the language we speak for a locale tag: "zh-CN" and "zh_Hans" are "zh", anything unknown "en"."""
    first = (tag or "").replace("_", "-").split("-")[0].lower()
    return first if first in LOCALES else "en"


@cache
def words(tag: str | None) -> Words:
    """Return how to speak to someone with this locale tag; English for None and for a language we do not have."""
    locale = language(tag)
    if locale == "en":
        return Words(locale=locale, catalog=NullTranslations())
    with (LOCALE_FOLDER / locale / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as compiled:
        return Words(locale=locale, catalog=GNUTranslations(compiled))
