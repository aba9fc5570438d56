"""What a button and a modal carry back to us: which case, question or policy, and what of it the person saw."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cases.proposal import CaseId, Proposal
from store.links import LinkQuestion
from store.policies import Version


class Forged(ValueError):
    """The value that came back is none that we ever put there."""


class _Carried(BaseModel):
    """What goes to Slack in a button or a modal, and comes back as it was."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @classmethod
    def read(cls, text: object) -> Self:
        """Return what a click or a modal carried; raises Forged, which never repeats the foreign text."""
        try:
            return cls.model_validate_json(text if isinstance(text, str) else "")
        except ValidationError as problem:
            raise Forged(f"a {cls.__name__} with {problem.error_count()} mistakes") from None

    def text(self) -> str:
        """Return it as it stands in the button."""
        return self.model_dump_json()


class ButtonValue(_Carried):
    """The value of every button on a card.

    Fields:
        case: "CASE-4711".
        revision: Of the proposal that was shown, from 1.
        fingerprint: What the word is bound to, see `Proposal.fingerprint`.
    """

    case: str = Field(pattern=r"^CASE-[A-Za-z0-9-]{1,40}$")
    revision: int = Field(ge=1, le=1_000_000)
    fingerprint: str = Field(pattern=r"^[0-9a-f]{16}$")

    @classmethod
    def of(cls, proposal: Proposal) -> Self:
        """Return the value for the buttons of a card that shows this proposal."""
        return cls(case=proposal.case_id, revision=proposal.revision, fingerprint=proposal.fingerprint)

    @property
    def case_id(self) -> CaseId:
        """The case, as the rest of the house names it."""
        return CaseId(self.case)


class ModalValue(ButtonValue):
    """What a modal carries in `private_metadata`: the button's value, and where the answer is to be shown.

    Fields:
        channel: Where the card stands: "C0COMPENSA1"; None when the modal was not opened from a channel.
    """

    channel: str | None = Field(default=None, pattern=r"^[CDG][A-Z0-9]{2,20}$")


class LinkValue(_Carried):
    """The value of the buttons of a question about a link.

    Fields:
        question: Its number, from 1.
        fingerprint: What the answer is bound to, see `LinkQuestion.fingerprint`.
    """

    question: int = Field(ge=1, le=2_000_000_000)
    fingerprint: str = Field(pattern=r"^[0-9a-f]{16}$")

    @classmethod
    def of(cls, question: LinkQuestion) -> Self:
        """Return the value for the buttons under this question."""
        return cls(question=question.id, fingerprint=question.fingerprint)


class PolicyValue(_Carried):
    """The value of the buttons on the card of a submitted policy.

    Fields:
        name: Which policy.
        version: Which version of it.
        fingerprint: What the word is bound to: the text and the waivers that were shown, see `Version.fingerprint`.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")
    version: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,19}$")
    fingerprint: str = Field(pattern=r"^[0-9a-f]{64}$")

    @classmethod
    def of(cls, version: Version) -> Self:
        """Return the value for the buttons under this version."""
        return cls(name=version.name, version=version.version, fingerprint=version.fingerprint)

    @property
    def id(self) -> str:
        """Its name and version: "delayed-withdrawal@3"."""
        return f"{self.name}@{self.version}"


class PolicyModalValue(PolicyValue):
    """What the modal for sending a policy back carries; `channel` as in `ModalValue`."""

    channel: str | None = Field(default=None, pattern=r"^[CDG][A-Z0-9]{2,20}$")
