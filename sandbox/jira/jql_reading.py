"""JQL text to a tree. Errors are worded as public Jira Cloud sites word them.

::

    query   := [or] ["ORDER BY" sort ("," sort)*]
    or      := and ("OR" and)*
    and     := not ("AND" not)*
    not     := ("NOT" | "!") not | "(" or ")" | field operator operand
"""

import re
from dataclasses import dataclass
from typing import Literal, NoReturn

from sandbox.jira.refusals import Refused, refused

MOST_CHARACTERS = 100_000
MOST_SORTS = 7
DEEPEST = 100
OPERATORS = ("=", "!=", "<", ">", "<=", ">=", "~", "!~", "IN", "NOT IN", "IS", "IS NOT")
_LISTED = "'=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'"
_UNSUPPORTED = ("WAS", "CHANGED")

_TOKEN = re.compile(
    r"""\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<field>cf\[\d+\]|issue\.property\[[^\]]+\](?:\.[\w.\-]+)?)
    |(?P<sign>!=|!~|<=|>=|&&|\|\||[=<>~!(),])
    |(?P<word>[^\s"'=<>~!(),|&\[\]{}*/%^$\#;?\\:]+))""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A value as it stands in the query, quotes taken off."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A function: currentUser()."""

    name: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Empty:
    """EMPTY or NULL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Several:
    """A list in parentheses."""

    operands: tuple["Text | Call | Empty", ...]


Operand = Text | Call | Empty | Several


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """field operator operand."""

    field: str
    operator: str
    operand: Operand


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Several conditions joined by AND or OR."""

    word: Literal["AND", "OR"]
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """The opposite of a condition."""

    part: "Node"


Node = Clause | Joined | Not


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """One field of ORDER BY. descending: None = the field's usual direction."""

    field: str
    descending: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A query. where: None = everything. sorts: () = none asked for."""

    where: Node | None
    sorts: tuple[Sort, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    kind: str
    text: str
    at: int

    def is_word(self, *words: str) -> bool:
        return self.kind == "word" and self.text.upper() in words

    def is_sign(self, *signs: str) -> bool:
        return self.kind == "sign" and self.text in signs


def read_jql(text: str) -> Query:
    """Return the tree of a query; raises `Refused` (400)."""
    if len(text) > MOST_CHARACTERS:
        raise jql_error("Error in the JQL Query: The query is too long.")
    return _Reader(text).query()


def jql_error(*messages: str) -> Refused:
    """Return the 400 for a query."""
    return refused(400, *messages)


class _Reader:
    """Reads one query from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._split()
        self._place = 0
        self._depth = 0

    def query(self) -> Query:
        where = None
        if self._next() is not None and not self._at_order():
            where = self._or()
        sorts = self._sorts() if self._at_order() else ()
        if self._next() is not None:
            self._fail("Expecting either 'OR' or 'AND'" if where else "Expecting a field name")
        return Query(where=where, sorts=sorts)

    def _or(self) -> Node:
        parts = [self._and()]
        while self._take_word("OR") or self._take_sign("||"):
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else Joined(word="OR", parts=tuple(parts))

    def _and(self) -> Node:
        parts = [self._not()]
        while self._take_word("AND") or self._take_sign("&&"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else Joined(word="AND", parts=tuple(parts))

    def _not(self) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise jql_error("Error in the JQL Query: The query is nested too deeply.")
        try:
            if self._take_word("NOT") or self._take_sign("!"):
                return Not(part=self._not())
            if self._take_sign("("):
                inner = self._or()
                if not self._take_sign(")"):
                    self._fail("Expecting ')'", end="before the end of the query")
                return inner
            return self._clause()
        finally:
            self._depth -= 1

    def _clause(self) -> Clause:
        token = self._next()
        if token is None or token.kind == "sign" or token.is_word("AND", "OR", "ORDER"):
            self._fail("Expecting a field name", end="at the end of the query")
        self._place += 1
        operator = self._operator()
        return Clause(field=token.text, operator=operator, operand=self._operand())

    def _operator(self) -> str:
        for signs in ("=", "!=", "<", ">", "<=", ">=", "~", "!~"):
            if self._take_sign(signs):
                return signs
        if self._take_word("IS"):
            return "IS NOT" if self._take_word("NOT") else "IS"
        if self._take_word("IN"):
            return "IN"
        if self._take_word("NOT"):
            if self._take_word("IN"):
                return "NOT IN"
            self._place -= 1
        token = self._next()
        if token is not None and token.is_word(*_UNSUPPORTED):
            raise jql_error(f"The sandbox does not know the operator {token.text.upper()}.")
        got = (
            "" if token is None else f" but got '{token.text}'. The valid operators are {_LISTED}. {self._where(token)}"
        )
        raise jql_error(f"Error in the JQL Query: Expecting operator{got or ' before the end of the query.'}")

    def _operand(self) -> Operand:
        if not self._take_sign("("):
            return self._value()
        values = [self._value()]
        while self._take_sign(","):
            values.append(self._value())
        if not self._take_sign(")"):
            self._fail("Expecting ')'", end="before the end of the query")
        return Several(operands=tuple(values))

    def _value(self) -> Text | Call | Empty:
        token = self._next()
        start = "Error in JQL Query: Expecting either a value, list or function"
        if token is None:
            raise jql_error(f"{start} before the end of the query.")
        if token.kind == "sign":
            hint = f"You must surround '{token.text}' in quotation marks to use it as a value."
            raise jql_error(f"{start} but got '{token.text}'. {hint} {self._where(token)}")
        self._place += 1
        if token.is_word("EMPTY", "NULL"):
            return Empty()
        if token.kind == "word" and self._take_sign("("):
            return Call(name=token.text.lower(), arguments=self._arguments())
        return Text(text=token.text, quoted=token.kind == "quoted")

    def _arguments(self) -> tuple[str, ...]:
        given: list[str] = []
        while not self._take_sign(")"):
            token = self._next()
            if token is None:
                self._fail("Expecting ')'", end="before the end of the query")
            self._place += 1
            given += [] if token.is_sign(",") else [token.text]
        return tuple(given)

    def _at_order(self) -> bool:
        token = self._next()
        return token is not None and token.is_word("ORDER")

    def _sorts(self) -> tuple[Sort, ...]:
        self._place += 1
        if not self._take_word("BY"):
            self._fail("Expecting 'by'", end="before the end of the query")
        sorts = [self._sort()]
        while self._take_sign(","):
            sorts.append(self._sort())
        if len(sorts) > MOST_SORTS:
            raise jql_error(f"The order by clause can contain at most {MOST_SORTS} fields.")
        return tuple(sorts)

    def _sort(self) -> Sort:
        token = self._next()
        if token is None or token.kind == "sign":
            self._fail("Expecting a field name", end="at the end of the query")
        self._place += 1
        if self._take_word("DESC"):
            return Sort(field=token.text, descending=True)
        return Sort(field=token.text, descending=False if self._take_word("ASC") else None)

    def _next(self) -> _Token | None:
        return self._tokens[self._place] if self._place < len(self._tokens) else None

    def _take_word(self, word: str) -> bool:
        token = self._next()
        taken = token is not None and token.is_word(word)
        self._place += taken
        return taken

    def _take_sign(self, sign: str) -> bool:
        token = self._next()
        taken = token is not None and token.is_sign(sign)
        self._place += taken
        return taken

    def _fail(self, expecting: str, *, end: str = "before the end of the query") -> NoReturn:
        token = self._next()
        if token is None:
            raise jql_error(f"Error in the JQL Query: {expecting} {end}.")
        raise jql_error(f"Error in the JQL Query: {expecting} but got '{token.text}'. {self._where(token)}")

    def _where(self, token: _Token) -> str:
        return self._position(token.at)

    def _position(self, at: int) -> str:
        line = self._text.count("\n", 0, at) + 1
        character = at - (self._text.rfind("\n", 0, at) + 1) + 1
        return f"(line {line}, character {character})"

    def _split(self) -> list[_Token]:
        tokens: list[_Token] = []
        end, rest = 0, self._text.rstrip()
        while end < len(rest):
            match = _TOKEN.match(rest, end)
            if match is None or match.lastgroup is None:
                self._unreadable(rest, end)
            kind, text = match.lastgroup, match[match.lastgroup]
            if kind == "quoted":
                text = re.sub(r"\\(.)", r"\1", text[1:-1])
            tokens.append(_Token(kind=kind, text=text, at=match.start(match.lastgroup)))
            end = match.end()
        return tokens

    def _unreadable(self, rest: str, end: int) -> NoReturn:
        at = end + len(rest[end:]) - len(rest[end:].lstrip())
        sign = rest[at]
        if sign in "\"'":
            message = f"The quoted string '{rest[at + 1 :]}' has not been completed."
            raise jql_error(f"Error in the JQL Query: {message} {self._position(at)}")
        message = (
            f"The character '{sign}' is a reserved JQL character. You must enclose it in a string or use the escape"
        )
        raise jql_error(f"Error in the JQL Query: {message} '\\u{ord(sign):04x}' instead. {self._position(at)}")
