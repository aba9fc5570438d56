"""Bar charts as SVG text: no script, no outside file, readable without colour, and said in words for who cannot see."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

_WIDTH, _LABELS, _VALUES = 760, 210, 120
_BAR, _GAP, _TOP = 15, 13, 6
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


def bar_chart(title: str, lines: Sequence[Line]) -> Markup:
    """Return horizontal bars, line by line, each with its number; the longest takes the whole width.

    title: Said to who cannot see the chart, with every line and number.
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
        '<svg class="chart" viewBox="0 0 {w} {h}" role="img" aria-label="{title}. {words}">'
        '<line class="axis" x1="{x}" x2="{x}" y1="0" y2="{h}"></line>{drawn}</svg>'
    ).format(w=_WIDTH, h=y, x=_LABELS, title=title, words=words, drawn=Markup().join(drawn))


def _bar(bar: Bar, y: int, longest: int) -> Markup:
    # Lengths are drawn to a tenth of a point; the number beside them is exact.
    room = _WIDTH - _LABELS - _VALUES
    width = bar.value * room * 10 // longest / 10
    width = max(width, 1.5) if bar.value else 0.0
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
