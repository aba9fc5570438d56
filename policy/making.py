"""Making records quickly, where hundreds of thousands are made a second."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar

Record = TypeVar("Record")


def maker(record: type[Record]) -> Callable[..., Record]:
    """Return what makes a frozen, slotted dataclass of all its fields in their order, in half the time.

    It sets the slots themselves, so it runs no `__post_init__`: the caller knows that the values are right.
    """
    setters = {f"set{number}": getattr(record, each.name).__set__ for number, each in enumerate(fields(record))}  # type: ignore[arg-type]  # A dataclass.
    values = [f"value{number}" for number, _ in enumerate(setters)]
    lines = [f"{name}(made, {value})" for name, value in zip(setters, values, strict=True)]
    text = f"def make({', '.join(values)}):\n made = new(record)\n " + "\n ".join(lines) + "\n return made"
    names: dict[str, Any] = {"new": object.__new__, "record": record, **setters}
    exec(text, names)  # noqa: S102  # Numbered names only.
    made: Callable[..., Record] = names["make"]
    return made
