"""What a button and a modal carry back to us: which case, and which proposal of it the person saw."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cases.proposal import CaseId, Proposal
from store.links import LinkQuestion


class Forged(ValueError):
    """The value that came back is none that we ever put there."""


class ButtonValue(BaseModel):
    """The value of every button on a card.

    Fields:
        case: "CASE-4711".
        revision: Of the proposal that was shown, from 1.
        fingerprint: What the word is bound to, see `Proposal.fingerprint`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    case: str = Field(pattern=r"^CASE-[A-Za-z0-9-]{1,40}$")
    revision: int = Field(ge=1, le=1_000_000)
    fingerprint: str = Field(pattern=r"^[0-9a-f]{16}$")

    @classmethod
    def of(cls, proposal: Proposal) -> Self:
        """Return the value for the buttons of a card that shows this proposal."""
        return cls(case=proposal.case_id, revision=proposal.revision, fingerprint=proposal.fingerprint)

    @classmethod
    def read(cls, text: object) -> Self:
        """Return what a click or a modal carried; raises Forged, which never repeats the foreign text."""
        try:
            return cls.model_validate_json(text if isinstance(text, str) else "")
        except ValidationError as problem:
            raise Forged(f"a {cls.__name__} with {problem.error_count()} mistakes") from None

    @property
    def case_id(self) -> CaseId:
        """The case, as the rest of the house names it."""
        return CaseId(self.case)

    def text(self) -> str:
        """Return it as it stands in the button."""
        return self.model_dump_json()


class ModalValue(ButtonValue):
    """What a modal carries in `private_metadata`: the button's value, and where the answer is to be shown.

    Fields:
        channel: Where the card stands: "C0COMPENSA1"; None when the modal was not opened from a channel.
    """

    channel: str | None = Field(default=None, pattern=r"^[CDG][A-Z0-9]{2,20}$")


class LinkValue(BaseModel):
    """The value of the buttons of a question about a link.

    Fields:
        question: Its number, from 1.
        fingerprint: What the answer is bound to, see `LinkQuestion.fingerprint`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    question: int = Field(ge=1, le=2_000_000_000)
    fingerprint: str = Field(pattern=r"^[0-9a-f]{16}$")

    @classmethod
    def of(cls, question: LinkQuestion) -> Self:
        """Return the value for the buttons under this question."""
        return cls(question=question.id, fingerprint=question.fingerprint)

    @classmethod
    def read(cls, text: object) -> Self:
        """Return what a click carried; raises Forged, which never repeats the foreign text."""
        try:
            return cls.model_validate_json(text if isinstance(text, str) else "")
        except ValidationError as problem:
            raise Forged(f"a {cls.__name__} with {problem.error_count()} mistakes") from None

    def text(self) -> str:
        """Return it as it stands in the button."""
        return self.model_dump_json()
