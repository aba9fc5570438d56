"""A secret: settings only say where it is kept; it is read from there and never shown."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, GetCoreSchemaHandler, ValidationInfo
from pydantic_core import PydanticCustomError, core_schema

MOST_BYTES = 64 << 10
LEAST_KEY_CHARACTERS = 32
#: What a secret in the settings looks like.
REFERENCE = re.compile(r"secret://(?P<where>env|file)/(?P<name>.+)", re.DOTALL)
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,99}")


class Secret:
    """One secret.

    reference: Where it is kept: "secret://env/MAKEWHOLE_AUDIT_KEY"; this may be shown.
    value: The secret itself; only `reveal` gives it out.
    """

    __slots__ = ("_value", "reference")

    def __init__(self, *, reference: str, value: str) -> None:
        self.reference = reference
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself, for the one place that needs it."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({self.reference})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self.reference)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written anywhere")

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Let a settings model hold a secret: written as a reference, read while the file is."""
        return core_schema.with_info_plain_validator_function(_read)


class Surroundings:
    """What references are looked up in: the environment, and the folder of the settings file."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self.environment = environment
        self.folder = folder


def look_up(text: object, info: ValidationInfo) -> Secret:
    """Return the secret that a reference names; raises PydanticCustomError, which never repeats what was written."""
    found = REFERENCE.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise PydanticCustomError(
            "secret",
            "a secret may not stand here: keep it elsewhere and write secret://env/NAME or secret://file/path",
        )
    surroundings = info.context
    if not isinstance(surroundings, Surroundings):
        raise TypeError("a secret is read with its surroundings as context")
    if found["where"] == "env":
        value = _from_environment(found["name"], surroundings.environment)
    else:
        value = _from_file(surroundings.folder / found["name"])
    return Secret(reference=str(text), value=value)


def _read(value: Any, info: ValidationInfo) -> Secret:
    return value if isinstance(value, Secret) else look_up(value, info)


def _from_environment(name: str, environment: Mapping[str, str]) -> str:
    if not _VARIABLE.fullmatch(name):
        raise PydanticCustomError("secret", "name the variable in capitals, digits and _: secret://env/MAKEWHOLE_KEY")
    value = environment.get(name, "")
    if not value:
        raise PydanticCustomError("secret", "set the environment variable {name}", {"name": name})
    return value


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
        value = raw.decode().rstrip("\r\n")
    except OSError as error:
        raise PydanticCustomError(
            "secret", "the file {path} cannot be read: {why}", {"path": str(path), "why": error.strerror or "?"}
        ) from None
    except UnicodeDecodeError:
        raise PydanticCustomError("secret", "save the file {path} as UTF-8", {"path": str(path)}) from None
    if not value or len(raw) > MOST_BYTES:
        raise PydanticCustomError(
            "secret",
            "the file {path} must hold one secret of at most {most} bytes",
            {"path": str(path), "most": MOST_BYTES},
        )
    return value


def _long_enough(secret: Secret) -> Secret:
    if len(secret.reveal()) < LEAST_KEY_CHARACTERS:
        raise PydanticCustomError(
            "secret",
            "the key in {reference} is too short: make one of at least {least} random characters",
            {"reference": secret.reference, "least": LEAST_KEY_CHARACTERS},
        )
    return secret


#: A secret that seals or signs something of ours.
Key = Annotated[Secret, AfterValidator(_long_enough)]
