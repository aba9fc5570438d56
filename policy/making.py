"""Making records quickly, where hundreds of thousands are made a second."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar

Record = TypeVar("Record")


def maker(record: type[Record]) -> Callable[..., Record]:
    """Return what makes a frozen, slotted dataclass of all its fields in their order, in a third of the time.

    It fills a class with the same slots that is not frozen, and then says that it is the record. So no `__post_init__`
    runs: the caller knows that the values are right.
    """
    slots = tuple(each.name for each in fields(record))  # type: ignore[arg-type]  # A dataclass.
    values = [f"value{number}" for number, _ in enumerate(slots)]
    lines = [f"made.{slot} = {value}" for slot, value in zip(slots, values, strict=True)]
    text = f"def make({', '.join(values)}):\n made = open()\n " + "\n ".join(lines)
    text += "\n made.__class__ = record\n return made"
    names: dict[str, Any] = {"open": type(record.__name__, (), {"__slots__": slots}), "record": record}
    exec(text, names)  # noqa: S102  # Names of fields only.
    made: Callable[..., Record] = names["make"]
    return made
