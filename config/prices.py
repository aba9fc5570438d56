"""Where the price book is, and which inputs of policies are filled from it."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, ValidationInfo

from config.checking import STRICT
from config.secret import Surroundings


def _beside_the_file(text: str, info: ValidationInfo) -> str:
    if not isinstance(info.context, Surroundings):
        raise TypeError("a path is read with its surroundings as context")
    return str(info.context.folder / text)


InputName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]


class PriceInput(BaseModel):
    """One input of type `prices`, filled from one source of the book.

    Fields:
        source: The source's name in the book; "{coin}" in it stands for what that input says, or for what names each
            of several series.
        price: Which price of a candle.
        between: What says from when to when: [happened_at, fixed_at], inputs or, for several series, fields of items.
        margin_minutes: How much more is given before and after.
    """

    model_config = STRICT

    source: str = Field(pattern=r"^[a-z0-9{}_-]+$", max_length=100)
    price: Literal["open", "high", "low", "close"] = "close"
    between: tuple[InputName, InputName]
    margin_minutes: int = Field(default=60, ge=0, le=10_080)


class Prices(BaseModel):
    """The price book; without inputs nothing is filled from it.

    Fields:
        folder: Relative to the settings file; it need not exist before the first import.
        inputs: By the input's name, the same in every policy that has it.
    """

    model_config = STRICT

    folder: Annotated[str, AfterValidator(_beside_the_file)] = Field(default="prices", validate_default=True)
    inputs: Mapping[InputName, PriceInput] = Field(default_factory=dict)
