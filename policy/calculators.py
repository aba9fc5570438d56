"""The named loss calculators: each is text of the policy language over its parameters."""

from dataclasses import dataclass

LONG_SHORT = ("long", "short")
BUY_SELL = ("buy", "sell")
FEES = ("added", "included")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """What a calculator is told.

    Fields:
        name: "reference".
        options: The words it may be; empty for an expression of any type that fits.
        default: What it is when nothing is said; None: it must be said.
    """

    name: str
    options: tuple[str, ...] = ()
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calculator:
    """A way to work a loss out.

    Fields:
        name: "price loss".
        steps: (name, expression) over the parameters and earlier steps; the last one is the result.
    """

    name: str
    parameters: tuple[Parameter, ...]
    steps: tuple[tuple[str, str], ...]


def _needed(*names: str) -> tuple[Parameter, ...]:
    return tuple(Parameter(name=name) for name in names)


_SIDE = Parameter(name="side", options=LONG_SHORT)
_ORDER_SIDE = Parameter(name="side", options=BUY_SELL)
_COSTS = (Parameter(name="fees", default="0"), Parameter(name="fees are", options=FEES, default="added"))
_WITH_FEES = "if fees are is added then price part + fees else price part"

CALCULATORS = {
    each.name: each
    for each in (
        Calculator(
            name="price loss",
            parameters=(
                _SIDE,
                *_needed("reference", "fill", "quantity"),
                Parameter(name="tolerance", default="0"),
                *_COSTS,
            ),
            steps=(
                ("gap", "if side is long then reference - fill else fill - reference"),
                ("price part", "max(gap - tolerance, 0) * quantity"),
                ("loss", _WITH_FEES),
            ),
        ),
        Calculator(
            name="inverse price loss",
            parameters=(_SIDE, *_needed("reference", "fill", "contracts"), *_COSTS),
            steps=(
                ("coins by fill", "contracts / fill"),
                ("coins by reference", "contracts / reference"),
                (
                    "gap",
                    "if side is long then coins by fill - coins by reference else coins by reference - coins by fill",
                ),
                ("price part", "max(gap, 0)"),
                ("loss", _WITH_FEES),
            ),
        ),
        Calculator(
            name="missed exit",
            parameters=(
                _SIDE,
                *_needed("window start", "window end", "exit", "quantity", "prices"),
                Parameter(name="tolerance", default="0"),
                *_COSTS,
            ),
            steps=(
                (
                    "best price",
                    (
                        "if side is long then highest(prices, window start to window end)"
                        " else lowest(prices, window start to window end)"
                    ),
                ),
                ("gap", "if side is long then best price - exit else exit - best price"),
                ("price part", "max(gap - tolerance, 0) * quantity"),
                ("loss", _WITH_FEES),
            ),
        ),
        Calculator(
            name="slippage",
            parameters=(
                _ORDER_SIDE,
                *_needed("expected", "fill", "quantity", "tolerance"),
                Parameter(name="pays", options=("beyond", "all"), default="beyond"),
            ),
            steps=(
                ("gap", "if side is buy then fill - expected else expected - fill"),
                ("beyond", "max(gap - tolerance, 0)"),
                ("paid gap", "if pays is all and gap > tolerance then gap else beyond"),
                ("loss", "paid gap * quantity"),
            ),
        ),
        Calculator(
            name="failed order",
            parameters=(
                _ORDER_SIDE,
                *_needed("limit", "later", "quantity", "prices", "window start", "window end"),
                Parameter(name="counts", options=("losses", "both"), default="losses"),
            ),
            steps=(
                (
                    "would have filled",
                    (
                        "if side is buy then lowest(prices, window start to window end) <= limit"
                        " else highest(prices, window start to window end) >= limit"
                    ),
                ),
                ("gap", "if side is buy then later - limit else limit - later"),
                ("counted", "if counts is both then gap else max(gap, 0)"),
                ("loss", "if would have filled then counted * quantity else 0"),
            ),
        ),
        Calculator(
            name="result gap",
            parameters=(
                *_needed("before", "after"),
                Parameter(name="counts", options=("worse result", "loss grown"), default="worse result"),
            ),
            steps=(
                ("fall", "max(before - after, 0)"),
                ("grown loss", "max(max(-after, 0) - max(-before, 0), 0)"),
                ("loss", "if counts is loss grown then grown loss else fall"),
            ),
        ),
        Calculator(
            name="equity restoration",
            parameters=(
                *_needed("before", "after"),
                Parameter(name="paid in", default="0"),
                Parameter(name="taken out", default="0"),
            ),
            steps=(("loss", "max(before + paid in - taken out - after, 0)"),),
        ),
        Calculator(
            name="net loss",
            parameters=(*_needed("losses", "profits"), Parameter(name="share", default="100%")),
            steps=(
                ("on balance", "max(losses - profits, 0)"),
                ("loss", "share * on balance"),
            ),
        ),
        Calculator(
            name="delay",
            parameters=(*_needed("late", "rate"), Parameter(name="free", default="0")),
            steps=(("counted", "max(late - free, 0)"), ("loss", "counted * rate")),
        ),
        Calculator(
            name="duplicate charge",
            parameters=(
                *_needed("charge", "times"),
                Parameter(name="given back", default="0"),
                Parameter(name="fees", default="0"),
            ),
            steps=(
                ("too much", "max(times - 1, 0) * charge"),
                ("loss", "max(too much - given back + fees, 0)"),
            ),
        ),
    )
}
