"""Many rows in one statement, without the work that SQLAlchemy does for each row of each: a page is a thousand."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from store.database import Transaction

Bind = Callable[[Any], Any]


def upsert(tx: Transaction, table: sa.Table, rows: Sequence[Mapping[str, object]], *, key: str, newer: str) -> None:
    """Insert rows; where the key is known, replace the one that is there unless its `newer` is later.

    rows: All name the same columns, and no two have the same key.
    key, newer: Columns: "ref", "updated_at".

    Nothing happens without rows. Raises what SQLAlchemy raises.
    """
    if not rows:
        return
    names = tuple(rows[0])
    columns = [[row[name] for row in rows] for name in names]
    for place, name in enumerate(names):
        bind = _bind(table.c[name], tx.connection.dialect)
        if bind is not None:
            columns[place] = list(map(bind, columns[place]))
    statement = _statement(table, names, key, newer, arrays=tx.on_postgres)
    if tx.on_postgres:
        # One statement with an array for each column; a statement for each row costs both sides twice as much.
        tx.connection.exec_driver_sql(statement, tuple(columns))
    else:
        tx.connection.exec_driver_sql(statement, list(zip(*columns, strict=True)))


def is_one_of(connection: sa.Connection, column: sa.Column[str], values: Collection[str]) -> sa.ColumnElement[bool]:
    """Return the condition that a text column holds one of these, as one parameter: a thousand take long to render."""
    given = sa.literal(list(values), sa.JSON)
    if connection.dialect.name == "postgresql":
        return column.in_(sa.select(sa.func.json_array_elements_text(given)))
    return column.in_(sa.select(sa.func.json_each(given).table_valued("value").c.value))


@lru_cache(maxsize=64)
def _statement(table: sa.Table, names: tuple[str, ...], key: str, newer: str, *, arrays: bool) -> str:
    """Return the statement; every name in it is one of our own tables' and columns'."""
    if arrays:
        # Without lengths: a cast to VARCHAR(200) would cut what the column refuses.
        dialect: sa.Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy gives it no types.
        types = (table.c[name].type.compile(dialect).partition("(")[0] for name in names)
        given = f"SELECT * FROM unnest({', '.join(f'%b::{each}[]' for each in types)})"  # noqa: S608
    else:
        given = f"VALUES ({', '.join('?' * len(names))})"
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name != key)
    return (
        f"INSERT INTO {table.name} ({', '.join(names)}) {given}"
        f" ON CONFLICT ({key}) DO UPDATE SET {changes} WHERE excluded.{newer} >= {table.name}.{newer}"
    )


def _bind(column: sa.Column[Any], dialect: sa.Dialect) -> Bind | None:
    """Return what turns a value into what the driver takes; None where that is the value itself."""
    kind = column.type
    return kind.dialect_impl(dialect).bind_processor(dialect) if isinstance(kind, sa.TypeDecorator) else None
