"""A simulation as one HTML page of its own: figures, charts and tables, light and dark, in English or Chinese."""

from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup

from cases.money import Money
from policy.authoring.sheet import environment, sheet
from reports.charts import Bar, Line, bar_chart
from reports.figures import Band, Figures, by_classification
from reports.paying import CashIn
from reports.simulating import Simulation, label
from reports.words import Language, said

_TEMPLATES = Path(__file__).parent / "templates"


def page_of(simulation: Simulation, figures: Figures, *, language: Language, source: str) -> str:
    """Return the page. source: What the cases are, in words: "cases.parquet", "stored cases from … to …"."""
    words = said(language)
    filling = environment(_TEMPLATES)
    places = _places(figures)
    filling.filters.update(
        amount=lambda money: _amount(money, places), signed=lambda money: _signed(money, places), number=_number
    )
    a, b = label(simulation.a.policy), label(simulation.b.policy)
    body = filling.get_template("simulation.html").render(
        words=words,
        simulation=simulation,
        figures=figures,
        source=source,
        a=a,
        b=b,
        sides=(simulation.a, simulation.b),
        cuts=tuple(zip((simulation.a, simulation.b), figures.cuts, strict=True)),
        label=label,
        charts=_charts(figures, words),
        bands=[(band, _band(band, words)) for band in figures.bands if band.count],
        people=[(_people(number, words), one, other) for number, one, other in figures.people],
        by_classification=[(words[name], one, other) for name, one, other in by_classification(figures)],
        transitions=[(words[was], words[now], count) for was, now, count in figures.classifications if was != now],
    )
    return sheet(f"{words['title']}: {words['against'].format(a=a, b=b)}", body, language=language)


def _charts(figures: Figures, words: Mapping[str, str]) -> Mapping[str, Markup]:
    held = [Line(label=words[name], bars=_pair(one, other)) for name, one, other in by_classification(figures)]
    people = [Line(label=_people(number, words), bars=_pair(one, other)) for number, one, other in figures.people]
    bands = [
        Line(
            label=_band(band, words),
            bars=(Bar(value=band.count, said=_number(band.count), kind="gain" if band.sign > 0 else "loss"),),
        )
        for band in figures.bands
    ]
    found = {
        "held": bar_chart(words["how held"], held, across=words["count"]),
        "people": bar_chart(words["people"], people, across=words["count"]),
    }
    if figures.paying.cash:
        cash = [_cash(each, words) for each in figures.paying.cash]
        found["cash"] = bar_chart(words["cash by month"], cash, across=None)
    return found | ({"bands": bar_chart(words["bands"], bands, across=words["count"])} if bands else {})


def _pair(one: int, other: int) -> tuple[Bar, Bar]:
    return Bar(value=one, said=_number(one), kind="a"), Bar(value=other, said=_number(other), kind="b")


def _cash(cash: CashIn, words: Mapping[str, str]) -> Line:
    bars = (
        Bar(value=cash.a.minor, said=_grouped(cash.a), kind="a"),
        Bar(value=cash.b.minor, said=_grouped(cash.b), kind="b"),
    )
    return Line(label=f"{cash.month or words['not dated']} {cash.a.code}", bars=bars)


def _band(band: Band, words: Mapping[str, str]) -> str:
    sign = "+" if band.sign > 0 else "−"
    high, low = _grouped(band.up_to), _grouped(band.over)
    text = words["up to"].format(high=high) if band.over.minor == 0 else f"{low} – {high}"
    return f"{sign} {text} {band.asset}"


def _people(number: int, words: Mapping[str, str]) -> str:
    if number == 0:
        return words["nobody"]
    return words["one person"] if number == 1 else words["people number"].format(n=number)


def _places(figures: Figures) -> Mapping[str, int]:
    """Return how many decimals the amounts of each asset are shown with, so that columns line up: the most of any."""
    shown = [money for each in figures.totals for money in (each.a, each.b)]
    shown += [money for each in figures.movements for money in (each.more, each.less)]
    shown += [band.sum for band in figures.bands]
    shown += [money for each in figures.movers for money in (each.amount_a, each.amount_b, each.change) if money]
    places: dict[str, int] = {}
    for money in shown:
        places[money.code] = max(places.get(money.code, 0), len(money.text().partition(".")[2]))
    return places


def _amount(money: Money | None, places: Mapping[str, int]) -> str:
    if money is None:
        return "–"
    whole, _, fraction = _grouped(money).partition(".")
    padded = fraction.ljust(places.get(money.code, 0), "0")
    return f"{whole}.{padded} {money.code}" if padded else f"{whole} {money.code}"


def _signed(money: Money, places: Mapping[str, int]) -> str:
    said = _amount(money, places)
    return f"+{said}" if money.minor > 0 else said.replace("-", "−")


def _number(count: int) -> str:
    return f"{count:,}".replace(",", "\u202f")


def _grouped(money: Money) -> str:
    """Return an amount with thin spaces between thousands, so that no language reads them as a decimal sign."""
    whole, point, fraction = money.text().partition(".")
    sign = "-" if whole.startswith("-") else ""
    return f"{sign}{_number(int(whole.removeprefix('-')))}{point}{fraction}"
