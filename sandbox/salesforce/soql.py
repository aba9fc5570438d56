"""SOQL read into a query: a recursive descent parser. Pure.

query     = SELECT items FROM name [AS] [alias] [WHERE any] [ORDER BY orders] [LIMIT n] [OFFSET n]
items     = COUNT() | item {"," item}           item = path | FIELDS(ALL|STANDARD|CUSTOM) | "(" query ")"
any       = one {AND one} | one {OR one}        one = NOT one | "(" any ")" | path comparison
comparison = ("=" | "!=" | "<>" | "<" | "<=" | ">" | ">=" | LIKE) literal | [NOT] IN ("(" literals ")" | "(" query ")")

As the vendor's, WHERE does not mix AND and OR without parentheses. GROUP BY, HAVING, other aggregates, TYPEOF,
USING SCOPE, INCLUDES and FOR are not there and are answered as unexpected tokens.
"""

from dataclasses import dataclass

from sandbox.salesforce.refusals import refused
from sandbox.salesforce.soql_words import Word, cut, unexpected, unquoted, wrong

OPERATORS = ("=", "!=", "<>", "<", "<=", ">", ">=")
KEYWORDS = (
    *("SELECT", "FROM", "WHERE", "ORDER", "LIMIT", "OFFSET", "AND", "OR", "NOT", "IN", "LIKE", "GROUP", "HAVING"),
    *("FOR", "USING", "UPDATE", "WITH"),
)
MOST_DEPTH = 50
MOST_DIGITS = 9
MOST_LENGTH = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A field, or one reached over references: ("Contact", "Email"). at: Its place in the query."""

    names: tuple[str, ...]
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """A value of a condition. kind: "string", "number", "datetime", "date", "name" (TRUE, NULL, LAST_N_DAYS:7)."""

    kind: str
    text: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A path held against literals (several for IN) or against a query's single field."""

    path: Path
    operator: str
    literals: tuple[Literal, ...] = ()
    query: "Query | None" = None
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Conditions joined by "AND" or "OR", at least two."""

    operator: str
    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """The opposite of a condition."""

    part: "Condition"


Condition = Comparison | Joined | Not


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """FIELDS(ALL), FIELDS(STANDARD) or FIELDS(CUSTOM)."""

    group: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One ORDER BY entry. nulls_first: None = as the vendor does without a word, first."""

    path: Path
    descending: bool = False
    nulls_first: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A query as written. items is empty for COUNT()."""

    text: str
    items: tuple["Path | Fields | Query", ...]
    entity: str
    entity_at: int
    alias: str | None
    where: Condition | None
    order: tuple[Order, ...]
    limit: int | None
    offset: int

    @property
    def counts(self) -> bool:
        """Whether this asks for COUNT()."""
        return not self.items


def parse(text: str) -> Query:
    """Return the query a text means; raises `Refused` (MALFORMED_QUERY)."""
    if not text.strip():
        raise refused("MALFORMED_QUERY", "A query string has to be specified")
    if len(text) > MOST_LENGTH:
        raise refused("QUERY_TOO_COMPLICATED", "Query string exceeds maximum length of 100000 characters")
    return _Parser(text).whole()


class _Parser:
    """The words of one query and how far they are read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words = cut(text)
        self.place = 0
        self.depth = 0

    def whole(self) -> Query:
        query = self.query()
        if self.word.kind != "end":
            raise unexpected(self.text, self.word)
        return query

    @property
    def word(self) -> Word:
        return self.words[self.place]

    def next(self) -> Word:
        word = self.words[self.place]
        self.place = min(self.place + 1, len(self.words) - 1)
        return word

    def take(self, *keywords: str) -> bool:
        """Read these keywords when they stand here."""
        found = [self.words[min(self.place + step, len(self.words) - 1)] for step in range(len(keywords))]
        if all(word.says(keyword) for word, keyword in zip(found, keywords, strict=True)):
            self.place += len(keywords)
            return True
        return False

    def expect(self, *keywords: str) -> None:
        if not self.take(*keywords):
            raise unexpected(self.text, self.word)

    def sign(self, text: str) -> bool:
        """Read this sign when it stands here."""
        if self.word.kind == "sign" and self.word.text == text:
            self.place += 1
            return True
        return False

    def expect_sign(self, text: str) -> None:
        if not self.sign(text):
            raise unexpected(self.text, self.word)

    def query(self) -> Query:
        self.deeper()
        self.expect("SELECT")
        items = self.items()
        self.expect("FROM")
        entity = self.name()
        self.take("AS")
        alias = self.name().text if self.word.kind == "name" and not self.word.says(*KEYWORDS) else None
        where = self.any() if self.take("WHERE") else None
        order = self.orders() if self.take("ORDER", "BY") else ()
        limit = self.number() if self.take("LIMIT") else None
        offset = self.number() if self.take("OFFSET") else 0
        self.depth -= 1
        return Query(
            text=self.text,
            items=items,
            entity=entity.text,
            entity_at=entity.at,
            alias=alias,
            where=where,
            order=order,
            limit=limit,
            offset=offset,
        )

    def items(self) -> tuple[Path | Fields | Query, ...]:
        if self.word.says("COUNT") and [word.text for word in self.words[self.place + 1 : self.place + 3]] == [
            "(",
            ")",
        ]:
            self.place += 3
            return ()
        found = [self.item()]
        while self.sign(","):
            found.append(self.item())
        return tuple(found)

    def item(self) -> Path | Fields | Query:
        if self.sign("("):
            query = self.query()
            self.expect_sign(")")
            return query
        if self.word.says("FIELDS"):
            at = self.next().at
            self.expect_sign("(")
            group = self.name().text.upper()
            self.expect_sign(")")
            return Fields(group=group, at=at)
        return self.path()

    def path(self) -> Path:
        word = self.name()
        return Path(names=tuple(part.strip() for part in word.text.split(".")), at=word.at)

    def name(self) -> Word:
        if self.word.kind != "name" or self.word.says(*KEYWORDS) or ":" in self.word.text:
            raise unexpected(self.text, self.word)
        return self.next()

    def number(self) -> int:
        if self.word.kind != "number" or not self.word.text.isdigit() or len(self.word.text) > MOST_DIGITS:
            raise unexpected(self.text, self.word)
        return int(self.next().text)

    def any(self) -> Condition:
        """Read conditions joined by AND or by OR; mixed ones need parentheses."""
        parts = [self.one()]
        operator = self.word.text.upper() if self.word.says("AND", "OR") else ""
        while operator and self.take(operator):
            parts.append(self.one())
        if self.word.says("AND", "OR"):
            raise unexpected(self.text, self.word)
        return parts[0] if len(parts) == 1 else Joined(operator=operator, parts=tuple(parts))

    def deeper(self) -> None:
        """Count one more level of queries and parentheses."""
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise refused("QUERY_TOO_COMPLICATED", "Query is either selecting too many fields or is too complicated.")

    def one(self) -> Condition:
        self.deeper()
        found = self.one_inside()
        self.depth -= 1
        return found

    def one_inside(self) -> Condition:
        if self.take("NOT"):
            return Not(part=self.one())
        if self.sign("("):
            found = self.any()
            self.expect_sign(")")
            return found
        return self.comparison()

    def comparison(self) -> Comparison:
        path = self.path()
        at = self.word.at
        if self.take("NOT", "IN"):
            return self.among(path, "NOT IN", at)
        if self.take("IN"):
            return self.among(path, "IN", at)
        if self.take("LIKE"):
            return Comparison(path=path, operator="LIKE", literals=(self.literal(),), at=at)
        if self.word.kind != "sign" or self.word.text not in OPERATORS:
            raise unexpected(self.text, self.word)
        operator = self.next().text.replace("<>", "!=")
        return Comparison(path=path, operator=operator, literals=(self.literal(),), at=at)

    def among(self, path: Path, operator: str, at: int) -> Comparison:
        self.expect_sign("(")
        if self.word.says("SELECT"):
            query = self.query()
            self.expect_sign(")")
            return Comparison(path=path, operator=operator, query=query, at=at)
        literals = [self.literal()]
        while self.sign(","):
            literals.append(self.literal())
        self.expect_sign(")")
        return Comparison(path=path, operator=operator, literals=tuple(literals), at=at)

    def literal(self) -> Literal:
        word = self.word
        if word.kind not in ("string", "number", "date", "datetime", "name") or word.says(*KEYWORDS):
            raise unexpected(self.text, word)
        if word.kind == "name" and "." in word.text:
            raise wrong(self.text, word.at, f"unexpected token: '{word.text}'", "MALFORMED_QUERY")
        self.next()
        return Literal(kind=word.kind, text=unquoted(word.text) if word.kind == "string" else word.text, at=word.at)

    def orders(self) -> tuple[Order, ...]:
        found = [self.order()]
        while self.sign(","):
            found.append(self.order())
        return tuple(found)

    def order(self) -> Order:
        path = self.path()
        descending = self.take("DESC")
        if not descending:
            self.take("ASC")
        nulls_first = True
        if self.take("NULLS"):
            nulls_first = self.take("FIRST")
            if not nulls_first:
                self.expect("LAST")
        return Order(path=path, descending=descending, nulls_first=nulls_first)
