"""The closed grammar of expressions: text -> tree. No loops, no attributes, no functions but those named here."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.lark import PostLex

from policy.mistakes import did_you_mean

MOST_CHARACTERS = 600
MOST_DEPTH = 40

#: Functions. Their words stay free for names: only before "(" do they mean something.
FUNCTIONS = (
    "minutes between",
    "hours between",
    "days between",
    "working days between",
    "working hours between",
    "full months between",
    "full years between",
    "started months between",
    "started years between",
    "after months",
    "after years",
    "after minutes",
    "after hours",
    "after days",
    "after working days",
    "after working hours",
    "next working time",
    "within working hours",
    "end of month",
    "start of day",
    "day of",
    "month of",
    "before minutes",
    "before hours",
    "before days",
    "before months",
    "before years",
    "full",
    "started",
    "size",
    "price at",
    "highest",
    "lowest",
    "first",
    "last",
    "average",
    "vwap",
    "twap",
    "total",
    "number of",
    "largest",
    "smallest",
    "latest",
    "earliest",
)

GRAMMAR = (
    r"""
?test: "if" either "then" test "else" test -> choice
     | either
?either: both ("or" both)*
?both: negated ("and" negated)*
?negated: "not" negated -> negation
        | relation
?relation: sum
         | sum COMPARE sum -> compared
         | sum "is" cell -> fits
         | sum "is" "not" cell -> fits_not
?cell: "one" "of" "[" literal ("," literal)* "]" -> among
     | "[" literal ("," literal)* "]" -> among
     | sum "to" sum -> through
     | sum "to" "under" sum -> until
     | bound
     | sum -> exactly
bound: COMPARE sum | UNDER sum | OVER sum | AT LEAST sum | AT MOST sum | UP "to" sum
?sum: product
    | SIGN product (SIGN product)* -> signed_sum
    | product (SIGN product)+ -> plain_sum
?product: factor (TIMES factor)*
?factor: PERCENT "of" factor -> share
       | atom
?atom: literal
     | words "of" atom -> series_of
     | "max" "(" test ("," test)* ")" -> greatest
     | "min" "(" test ("," test)* ")" -> smallest
     | "table" "(" sum ("," row)* "," "otherwise" "->" test ")" -> table
     | "table" "(" sum ("," row)+ ")" -> full_table
     | "band" "(" sum ("," band_row)+ "," "otherwise" "->" test ")" -> band
     | ROUNDED "(" test "," PLACES "," way ")" -> rounded
     | TIERS "(" sum ("," band_row)+ "," "otherwise" "->" test ")" -> tiers
     | CALLED "(" argument ("," argument)* ")" -> call
     | "(" test ")"
?argument: told
         | sum "to" sum -> through
         | sum "to" "under" sum -> until
         | told "when" test -> narrowed
?told: test
     | test _BY sum -> ordered
row: literal "->" test
way: WORD WORD | WORD UP | WORD | UP
band_row: bound "->" test
?literal: QUANTITY -> quantity
        | PERCENT -> percent
        | NUMBER -> number
        | TIME -> time
        | DATE -> date
        | QUOTED -> quoted
        | "yes" -> yes
        | "no" -> no
        | words
words: WORD+

UNDER: "under"
OVER: "over"
AT: "at"
LEAST: "least"
MOST: "most"
UP: "up"
COMPARE: "<=" | ">=" | "!=" | "<" | ">" | "="
SIGN: "+" | "-"
TIMES: "*" | "/"
TIME.4: /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})/
DATE.4: /\d{4}-\d{2}-\d{2}(?![T\d])/
PERCENT.3: /\d+(\.\d+)?[ ]*%([ ]+per[ ]+(~)\b)?/
QUANTITY.2: /\d+(\.\d+)?[ ]+(#([ ]+per[ ]+(#|~)\b)?|(~)s?\b([ ]+per[ ]+(~)\b)?)/
ROUNDED.5: /rounded(?=[ ]*\()/
PLACES.4: /\d+[ ]+decimals?\b/
TIERS.5: /tiers(?=[ ]*\()/
CALLED.5: /(@)(?=[ ]*\()/
NUMBER.1: /\d+(\.\d+)?(?![A-Za-z_\d.])/
QUOTED: /'[^']*'|"[^"]*"/
WORD: /[A-Za-z_][A-Za-z0-9_]*/
%declare _BY
%ignore /[ \t\n]+/
""".replace("@", "|".join(each.replace(" ", "[ ]+") for each in FUNCTIONS))
    .replace("#", "[A-Z][A-Z0-9]{1,11}")
    .replace("~", "minute|hour|day|month|year")
)

#: Words that the grammar keeps for itself: no name may contain one.
KEYWORDS = frozenset(
    word
    for line in (
        "if then else or and not yes no is one of to",
        "under over at least most up max min table band otherwise when",
    )
    for word in line.split()
)

#: What functions are called elsewhere.
_CALLED = {
    "sum": "total",
    "sum of": "total",
    "count": "number of",
    "number": "number of",
    "round": "rounded",
    "abs": "size",
    "floor": "full",
    "ceil": "started",
    "mean": "average",
    "avg": "average",
    "maximum": "max",
    "minimum": "min",
    "date": "day of",
    "date of": "day of",
}
_SAID = {
    "COMPARE": "a comparison",
    "WORD": "a name",
    "NUMBER": "a number",
    "SIGN": '"+" or "-"',
    "TIMES": '"*" or "/"',
    "_BY": '"by"',
    "PLACES": 'a number of places, as "2 decimals",',
    "RPAR": '")"',
    "$END": "the end",
}


class NotUnderstood(ValueError):
    """Raised for text outside the grammar; `at` is the character where it stops making sense, from 0."""

    def __init__(self, at: int, what: str) -> None:
        self.at = at
        super().__init__(what)


def parsed(text: str) -> Tree[Token]:
    """Return the tree of an expression; raises NotUnderstood. The time it takes grows with the length only."""
    if len(text) > MOST_CHARACTERS:
        raise NotUnderstood(
            MOST_CHARACTERS,
            f"shorten it: {len(text)} characters, at most {MOST_CHARACTERS}; work parts out under a name",
        )
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        raise _explained(text, error) from None
    if _depth(tree) > MOST_DEPTH:
        raise NotUnderstood(0, "nested too deep: work parts out under a name of their own")
    return tree


@cache
def _parser() -> Lark:
    return Lark(
        GRAMMAR,
        start="test",
        parser="lalr",
        lexer="basic",
        propagate_positions=True,
        maybe_placeholders=False,
        postlex=_By(),
        g_regex_flags=re.ASCII,  # Digits of other scripts look like other digits: a Bengali 4 like an 8.
    )


class _By(PostLex):
    """Tells the "by" of `first(list, value by time)` from one that is a word of a name, as in "coins by fill"."""

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        """Yield the tokens; the "by" of each call of first and last is of a kind of its own."""
        for token in stream:
            yield token
            if _orders(token):
                tokens = [token, *stream]
                found = {_by_of(tokens[at + 1 :], at + 1) for at, each in enumerate(tokens) if _orders(each)}
                for at, each in enumerate(tokens[1:], start=1):
                    yield Token.new_borrow_pos("_BY", each, each) if at in found else each


def _orders(token: Token) -> bool:
    return token.type == "CALLED" and token in {"first", "last"}


def _by_of(tokens: list[Token], start: int) -> int | None:
    """Return the place of the last "by" behind the comma of a call and before its "when"; None in a window."""
    depth, own = 0, list[int]()
    for at, token in enumerate(tokens):
        depth += (token.type == "LPAR") - (token.type == "RPAR")
        if depth == 0 or (depth == 1 and token.type == "WHEN"):
            break
        own += [at] if depth == 1 else []
    kinds = [tokens[at].type for at in own]
    is_window = "TO" in kinds and "IS" not in kinds
    behind = own[kinds.index("COMMA") :] if "COMMA" in kinds and not is_window else []
    return next((start + at for at in reversed(behind) if tokens[at] == "by"), None)


def _depth(tree: Tree[Token]) -> int:
    """Return how deep a tree is, without recursion."""
    deepest, level = 0, [tree]
    while level:
        deepest += 1
        level = [child for node in level for child in node.children if isinstance(child, Tree)]
        if deepest > MOST_DEPTH:
            break
    return deepest


def _strange(text: str) -> str:
    """Return what cannot stand in an expression; a strange character has its number, for it may look like another."""
    if text[:1].isascii():
        return f'"{text}" cannot stand here'
    seen = f'"{text[0]}" ' if text[0].isprintable() else ""
    return f"the character {seen}(U+{ord(text[0]):04X}) cannot stand here, type it anew"


def _explained(text: str, error: UnexpectedInput) -> NotUnderstood:
    position: Any = error.pos_in_stream  # None at the end of the text, whatever the stubs say.
    at = position if isinstance(position, int) and position >= 0 else len(text)
    if isinstance(error, UnexpectedCharacters):
        return NotUnderstood(at, f"{_strange(text[at : at + 12])}: use names, numbers with their unit, + - * / ( )")
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        return NotUnderstood(len(text), f'the expression breaks off: {_wanted(error)} should follow "{text[-20:]}"')
    word = str(error.token) if isinstance(error, UnexpectedToken) else text[at : at + 12]
    if word == "," and at and text[at - 1].isdigit():
        return NotUnderstood(at, "write the number without commas: 10000")
    if re.search(r"\brounded[ ]*\([^()]*$", text[:at]) and word in {")", ","}:
        return NotUnderstood(at, 'say how many decimals and how: write "rounded(amount, 2 decimals, half even)"')
    before = re.search(r"[A-Za-z_]+( [A-Za-z_]+){0,2}\s*$", text[:at]) if word == "(" else None
    if before:
        asked = " ".join(before.group().split())
        known = (*FUNCTIONS, "max", "min", "table", "band", "tiers", "rounded")
        meant = f'did you mean "{_CALLED[asked]}"?' if asked in _CALLED else did_you_mean(asked, known)
        if asked in {"now", "today"}:
            meant = "there is no clock, so let an input say when"
        return NotUnderstood(at, f'"(" cannot stand here: "{asked}" is no function: {meant}')
    return NotUnderstood(at, f'"{word[:40]}" cannot stand here: {_wanted(error)} should')


def _wanted(error: UnexpectedInput) -> str:
    known = getattr(error, "accepts", None) or getattr(error, "expected", None) or ()
    said = [words for name, words in _SAID.items() if name in known]
    return " or ".join(said) or "something else"
