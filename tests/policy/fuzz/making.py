"""Making texts that nobody would write, from texts that somebody did."""

from pathlib import Path
from random import Random

SHIPPED = Path(__file__).resolve().parents[3] / "config" / "policies"
MOST_CHANGES = 4

#: What tempts a reader into code, endless work, or a wrong number.
NASTY = (
    "__class__",
    "x.__class__.__mro__",
    "eval(1)",
    "{0.__class__}",
    "{amount!r}",
    "{amount.__class__}",
    "{}",
    "{{}}",
    "{steps}",
    "!!python/object/apply:os.system [ls]",
    "!!binary aGk=",
    "!!timestamp 2026-01-01",
    "&a",
    "*a",
    "<<: *a",
    "%TAG ! !",
    "---",
    "...",
    "=1+1",
    "=HYPERLINK(1)",
    "@SUM(1)",
    "+1",
    "-1",
    "1e999999999",
    "1E-999999999",
    "9" * 36,
    "9" * 40,
    "0." + "0" * 35 + "1",
    "0x1F",
    "NaN",
    "Infinity",
    "-0",
    "007",
    "1_000",
    "1,000",
    "٣",
    "１２",
    "²",
    "½",
    "\u202e",
    "\ufeff",
    "\u2028",
    "\x85",
    "\x00",
    "\ud7ff",
    "((((((((((((((((",
    "))))",
    "[[[[[[[[",
    "{a: {a: {a: {a: {a: {a: 1",
    "]",
    "}",
    "'",
    '"',
    "`",
    "#",
    "|",
    ">",
    "?",
    ":",
    ": ",
    "- ",
    "\t",
    "not " * 30,
    "-" * 30,
    "max(" * 20,
    "if yes then " * 10,
    "1 + " * 60 + "1",
    "size(" * 20,
    "tiers(1, up to 1 -> 1, otherwise -> 1)",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00Z",
    "2026-02-30T00:00:00Z",
    "2026-01-01",
    "24:00",
    "after days(9999-12-31T00:00:00Z, 9999 days)",
    "after working days(9999-12-01T00:00:00Z, 9999 days)",
    "working days between(0001-01-01T00:00:00Z, 9999-12-31T00:00:00Z)",
    "after minutes(0001-01-01T00:00:00Z, 1 minutes)",
    "9999 working days",
    "0 days",
    "after months(9999-12-31T00:00:00Z, 9999 months)",
    "full years between(0001-01-01T00:00:00Z, 9999-12-31T00:00:00Z)",
    "number of(parts when yes)",
    "total(total(parts, 1), 1)",
    "for each: parts",
    "list of up to: 201",
    "999999999999 days",
    "1e3 USDT",
    "5 usdt",
    "5USDT",
    "5 XXX",
    "5 USDT per USDT",
    "5 JPY per USDT",
    "100000000000000000000000000000000000 USDT",
    "0.000000000000000000000000000000000001 USDT",
    "0.0001%",
    "99999999999999999999%",
    "otherwise",
    "none",
    "yes",
    "no",
    "null",
    "~",
    "true",
    "rest",
    "amount",
    "classification",
    "one of []",
    "one of [a, a]",
    "open",
    "prices USDT per OKB",
    "signed signed hours",
    "positive yes/no",
    "text",
    "money",
    "quantity JPY",
    "rate",
    "units",
    "UTC+25",
    "../../etc/passwd",
    "Europe/../UTC",
    "1 " + "a" * 60,
    "1 finance or finance",
    "0 finance",
    "999 finance",
    "1 of finance",
    "*" * 50,
)

_NAMES = (
    "hours_late",
    "value_usdt",
    "fraud_score",
    "value share",
    "goodwill_paid_12_months",
    "delay_cause",
    "sanctions_hit",
)
_LITERALS = (
    "0",
    "1",
    "5 USDT",
    "2 hours",
    "0.5%",
    "100",
    "yes",
    "no",
    "platform",
    "1 USDT per hour",
    "0.1",
    "3",
    "7 days",
    "2026-01-01T00:00:00Z",
    "'text'",
    "600 USDT",
    "9" * 36,
    "24 hours",
    "0.000000000000000000000000000000000001",
)
_JOINTS = (
    " + ",
    " - ",
    " * ",
    " / ",
    " and ",
    " or ",
    " < ",
    " <= ",
    " = ",
    " != ",
    " >= ",
    " is ",
    " is not ",
    " to ",
    " of ",
)
_CALLS = (
    "max({}, {})",
    "min({}, {}, {})",
    "({})",
    "not {}",
    "if {} then {} else {}",
    "full({})",
    "started({})",
    "size({})",
    "table({}, {} -> {}, otherwise -> {})",
    "band({}, under {} -> {}, at most {} -> {}, otherwise -> {})",
    "tiers({}, up to {} -> {}, up to {} -> {}, otherwise -> {})",
    "{} is one of [{}, {}]",
    "{} is {} to under {}",
    "days between({}, {})",
    "full months between({}, {})",
    "rounded({}, 2 decimals, down)",
    "started years between({}, {})",
    "after months({}, {})",
    "before days({}, {})",
    "total({}, {})",
    "number of({} when {})",
    "largest({}, {} when {})",
    "first({}, {} by {})",
    "last({}, {} by {} when {})",
    "working days between({}, {})",
    "after hours({}, {})",
    "price at({}, {}, {})",
    "twap({}, {} to {})",
    "{} is at least {}",
)


def shipped() -> tuple[str, ...]:
    """Return the texts of all policies that are shipped."""
    return tuple(path.read_text(encoding="utf-8") for path in sorted(SHIPPED.rglob("*.yaml")))


def mutated(random: Random, texts: tuple[str, ...]) -> str:
    """Return a shipped text with a few random changes."""
    text = random.choice(texts)
    for _ in range(random.randint(1, MOST_CHANGES)):
        text = random.choice((_lines, _lines, _word, _word, _word, _inside, _character, _indented))(random, text, texts)
    return text


def _lines(random: Random, text: str, texts: tuple[str, ...]) -> str:
    """Drop, double, exchange or borrow lines."""
    lines = text.split("\n")
    at, other = random.randrange(len(lines)), random.randrange(len(lines))
    match random.randrange(5):
        case 0:
            del lines[at : at + random.randint(1, 3)]
        case 1:
            lines.insert(other, lines[at])
        case 2:
            lines[at], lines[other] = lines[other], lines[at]
        case 3:
            lines[at] = random.choice(random.choice(texts).split("\n"))
        case _:
            lines = lines[: at + 1]
    return "\n".join(lines)


def _word(random: Random, text: str, texts: tuple[str, ...]) -> str:
    """Put another word, or something nasty, in the place of a word."""
    words = text.split(" ")
    other = random.choice(NASTY) if random.random() < 0.5 else random.choice(random.choice(texts).split(" "))
    words[random.randrange(len(words))] = other
    return " ".join(words)


def _inside(random: Random, text: str, _texts: tuple[str, ...]) -> str:
    at = random.randrange(len(text) + 1)
    return text[:at] + random.choice(NASTY) + text[at:]


def _character(random: Random, text: str, _texts: tuple[str, ...]) -> str:
    at = random.randrange(len(text) + 1)
    return (
        text[:at]
        + chr(random.choice((random.randrange(128), random.randrange(0xD800))))
        + text[at + random.randrange(2) :]
    )


def _indented(random: Random, text: str, _texts: tuple[str, ...]) -> str:
    lines = text.split("\n")
    at = random.randrange(len(lines))
    lines[at] = " " * random.randrange(8) + lines[at].lstrip()
    return "\n".join(lines)


def expression(random: Random, depth: int = 4) -> str:
    """Return an expression that the grammar often reads, whatever it may mean."""
    if depth == 0 or random.random() < 0.25:
        return random.choice(_NAMES) if random.random() < 0.55 else random.choice(_LITERALS)
    if random.random() < 0.5:
        return random.choice(_JOINTS).join(expression(random, depth - 1) for _ in range(random.randint(2, 4)))
    call = random.choice(_CALLS)
    return call.format(*(expression(random, depth - 1) for _ in range(call.count("{}"))))


def with_expressions(random: Random, text: str) -> str:
    """Return the delayed-withdrawal policy with expressions put where amounts, values and conditions stand."""
    for old, new in (
        ("0.5% of value_usdt", "{}"),
        ("pay: 5 USDT", "pay: {}"),
        ("{hours_late: under 2 hours}", "{}"),
        ("fraud_score is at least 80", "{}"),
        ("at most: 600 USDT", "at most: {}"),
        ("{amount: up to 1000 USDT}", "{}"),
    ):
        if random.random() < 0.4:
            text = text.replace(
                old, new.format('"' + expression(random, random.randint(1, 5)).replace('"', "'") + '"'), 1
            )
    return text


def hostile(random: Random) -> str:
    """Return a text that is large, deep or wide."""
    size = random.choice((10, 100, 1_000, 20_000))
    piece = random.choice(NASTY)
    return random.choice(
        (
            lambda: "policy: " + piece * min(size, 900_000 // max(len(piece), 1)),
            lambda: "a:\n" + "".join(f"{' ' * number}- \n" for number in range(min(size, 600))),
            lambda: "".join(f"k{number}: {piece}\n" for number in range(size)),
            lambda: "works out:\n" + "".join(f"  v{number}: v{number - 1} + 1\n" for number in range(size)),
            lambda: "inputs:\n" + "".join(f"  v{number}: one of [a, b]\n" for number in range(size)),
            lambda: (
                "rules:\n"
                + "".join("  - {name: a, when: otherwise, then: goodwill, pay: 1 USDT}\n" for _ in range(size))
            ),
            lambda: "".join(
                chr(random.choice((random.randrange(128), random.randrange(0xD800)))) for _ in range(min(size, 3_000))
            ),
            lambda: "a: &a [x, x]\n" + "".join(f"b{number}: [*a, *a]\n" for number in range(min(size, 50))),
            lambda: "? " * min(size, 900) + "a",
            lambda: "[" * min(size, 1_900),
            lambda: "{a: " * min(size, 450),
            lambda: "a: |\n" + f" {piece}\n" * min(size, 2_000),
            lambda: "a: '" + piece.replace("'", "''") * min(size, 30) + "'",
        )
    )()


def long_chain(random: Random, text: str) -> str:
    """Return a good policy in which a value is worked out over very many others."""
    count = random.choice((10, 50, 200, 1_000, 5_000))
    step = random.choice(
        ("{} * 2", "{} + {}", "max({}, 1 USDT)", "if sanctions_hit then {} else {}", "{} / 3", "{} * 1.000000001")
    )
    lines, before = [], "value_usdt"
    for number in range(count):
        lines.append(f"  v{number}: {step.format(before, before)}\n")
        before = f"v{number}"
    return text.replace("works out:\n", "works out:\n" + "".join(lines)).replace("of value_usdt", f"of {before}")
