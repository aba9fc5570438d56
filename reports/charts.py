"""Bar charts as SVG text: no script, no outside file, readable without colour, and said in words for who cannot see."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

_WIDTH, _LABELS, _VALUES = 680, 195, 80
_BAR, _GAP, _TOP, _UNDER = 15, 13, 6, 44
_MOST_TICKS = 5
_MOST_LABEL = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar. value: How long. said: The number as it is written at its end. kind: Its class, which colours it."""

    value: int
    said: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a chart: its label, and one bar or several."""

    label: str
    bars: tuple[Bar, ...]


def bar_chart(title: str, lines: Sequence[Line], *, across: str | None) -> Markup:
    """Return horizontal bars, line by line, each with its number; the longest takes the whole width.

    title: Said to who cannot see the chart, with every line and number. across: What is counted along the axis;
        None: bars of several assets, which share no scale that could be read off.
    """
    longest = max((bar.value for line in lines for bar in line.bars), default=0) or 1
    y, drawn = _TOP, []
    for line in lines:
        height = len(line.bars) * _BAR
        drawn.append(_text(_LABELS - 10, y + height / 2, _short(line.label), "label"))
        for bar in line.bars:
            drawn.append(_bar(bar, y, longest))
            y += _BAR
        y += _GAP
    words = "; ".join(f"{line.label}: {', '.join(bar.said for bar in line.bars)}" for line in lines)
    return Markup(
        '<svg class="chart" viewBox="0 0 {w} {h}" role="img" aria-label="{title}. {words}">{axis}{drawn}</svg>'
    ).format(
        w=_WIDTH,
        h=y + (_UNDER if across else 0),
        title=title,
        words=words,
        axis=Markup().join(_axis(longest, y, across)),
        drawn=Markup().join(drawn),
    )


def ticks(longest: int) -> tuple[int, ...]:
    """Return round numbers along an axis from 0, at most five of them above it: 0, 200, 400, 600 for 640."""
    step = 1
    while longest // step > _MOST_TICKS:
        digits = len(str(step)) - 1
        step = step * 5 // 2 if step == 2 * 10**digits else step * 2
    return tuple(range(0, longest + 1, step))


def _axis(longest: int, y: int, across: str | None) -> Iterator[Markup]:
    for value in ticks(longest) if across else (0,):
        x = _LABELS + _along(value, longest)
        yield Markup('<line class="{kind}" x1="{x}" x2="{x}" y1="0" y2="{h}"></line>').format(
            kind="grid" if value else "axis", x=x, h=y
        )
        if across:
            yield _text(x, y + 12, f"{value:,}".replace(",", "\u202f"), "tick")
    if across:
        yield _text(_LABELS + _along(longest, longest) / 2, y + 32, across, "across")


def _along(value: int, longest: int) -> float:
    """Return how far along the axis a value lies, to a tenth of a point; the number beside a bar is exact."""
    return value * (_WIDTH - _LABELS - _VALUES) * 10 // longest / 10


def _bar(bar: Bar, y: int, longest: int) -> Markup:
    width = max(_along(bar.value, longest), 1.5) if bar.value else 0.0
    drawn = Markup('<rect class="{kind}" x="{x}" y="{y}" width="{w}" height="{h}" rx="2"></rect>').format(
        kind=bar.kind, x=_LABELS, y=y + 1, w=width, h=_BAR - 2
    )
    return drawn + _text(_LABELS + width + 6, y + _BAR / 2, bar.said, "value")


def _text(x: float, y: float, words: str, kind: str) -> Markup:
    return Markup('<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{words}</text>').format(
        kind=kind, x=x, y=y, words=escape(words)
    )


def _short(label: str) -> str:
    return label if len(label) <= _MOST_LABEL else f"{label[: _MOST_LABEL - 1]}…"
