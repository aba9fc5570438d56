"""Every sentence is there in every language, and the compiled catalogs are in step with their sources."""

import io
import string

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from bot.words import DOMAIN, LOCALE_FOLDER, LOCALES, language, words

TRANSLATED = [locale for locale in LOCALES if locale != "en"]


def sentences() -> set[str]:
    marked = extract_from_dir(LOCALE_FOLDER.parent, keywords={"say": None, "later": None})
    return {message for _, _, message, _, _ in marked if isinstance(message, str)}


def catalog(locale: str) -> tuple[dict[str, str], bytes]:
    with (LOCALE_FOLDER / locale / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as source:
        read = read_po(source, locale=locale, domain=DOMAIN, abort_invalid=True)
    compiled = io.BytesIO()
    write_mo(compiled, read)
    assert not [each.id for each in read if each.id and each.fuzzy]
    return {str(each.id): str(each.string) for each in read if each.id}, compiled.getvalue()


def places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("locale", TRANSLATED)
def test_every_sentence_is_translated_and_none_is_left_over(locale: str) -> None:
    translated, _ = catalog(locale)

    assert set(translated) == sentences()
    assert [sentence for sentence, words_ in translated.items() if not words_.strip()] == []


@pytest.mark.parametrize("locale", TRANSLATED)
def test_a_translation_has_the_same_places_to_fill(locale: str) -> None:
    translated, _ = catalog(locale)

    assert [each for each, words_ in translated.items() if places(each) != places(words_)] == []


@pytest.mark.parametrize("locale", TRANSLATED)
def test_the_compiled_catalog_is_in_step_with_its_source(locale: str) -> None:
    _, compiled = catalog(locale)

    assert (LOCALE_FOLDER / locale / "LC_MESSAGES" / f"{DOMAIN}.mo").read_bytes() == compiled


@pytest.mark.parametrize(
    ("tag", "spoken"),
    [("zh-CN", "zh"), ("zh_Hans_CN", "zh"), ("ZH", "zh"), ("en-GB", "en"), ("de", "en"), ("", "en"), (None, "en")],
)
def test_a_locale_becomes_a_language_we_speak(tag: str | None, spoken: str) -> None:
    assert language(tag) == spoken
    assert words(tag).locale == spoken


def test_a_value_is_put_in_as_it_is() -> None:
    assert words("zh")("Approve {amount}", amount="{amount} {0}") == "批准 {amount} {0}"
