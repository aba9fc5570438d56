"""A call that was not made, as it is shown to a person: without secrets and without customers' words."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from config.secret import Secret
from config.settings import Settings
from connectors.contract import Rehearsed

HIDDEN_SECRET, HIDDEN_WORDS = "(secret)", "(the customer's words)"
#: Shorter words stand in our own text too, and tell nothing.
LEAST_WORDS = 12
_SECRET_KEY = re.compile(r"secret|token|password|authorization", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call that was not made. body: Its JSON, masked; as text where it is none."""

    method: str
    url: str
    body: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """What may not be shown: secrets by their value, customers' words by what they wrote."""

    secrets: tuple[str, ...]
    words: tuple[str, ...] = ()

    def over(self, rehearsed: Rehearsed) -> tuple[Call, ...]:
        """Return the call and those that would follow it, with all of it masked."""
        return tuple(
            Call(method=each.method, url=self.text(each.url), body=self._body(each.body))
            for each in (rehearsed, *rehearsed.later)
        )

    def _body(self, raw: bytes) -> object:
        if not raw:
            return None
        try:
            return self._value(json.loads(raw))
        except ValueError:
            return self.text(raw.decode(errors="replace"))

    def _value(self, value: object) -> object:
        if isinstance(value, Mapping):
            return {
                key: HIDDEN_SECRET if _SECRET_KEY.search(key) and isinstance(each, str) else self._value(each)
                for key, each in value.items()
            }
        if isinstance(value, list):
            return [self._value(each) for each in value]
        return self.text(value) if isinstance(value, str) else value

    def text(self, text: str) -> str:
        """Return a text with all of it masked."""
        for hidden, shown in ((self.secrets, HIDDEN_SECRET), (self.words, HIDDEN_WORDS)):
            for each in hidden:
                text = text.replace(each, shown) if each else text
        return text


def mask_of(settings: Settings, *, words: Iterable[str] = ()) -> Mask:
    """Return the mask for everything that these settings keep secret, and for these words of customers."""
    long_ones = {each.strip() for each in words if len(each.strip()) >= LEAST_WORDS}
    return Mask(
        secrets=tuple(sorted({each.reveal() for each in _secrets(settings)}, key=len, reverse=True)),
        words=tuple(sorted(long_ones, key=len, reverse=True)),
    )


def call_lines(call: Call) -> str:
    """Return a call as people read it."""
    body = "" if call.body is None else "\n" + json.dumps(call.body, ensure_ascii=False, indent=2)
    return f"{call.method} {call.url}{body}"


def call_json(call: Call) -> Mapping[str, object]:
    """Return a call as programs read it."""
    return {"method": call.method, "url": call.url, "body": call.body}


def _secrets(value: object) -> Iterator[Secret]:
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name))
    elif isinstance(value, tuple):
        for each in value:
            yield from _secrets(each)
