"""What a provider can say of a payout, sorted by what the caller must do."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """The money has been paid.

    Fields:
        provider_id: The provider's id of the payout: "po_8Kq2".
        created_at: When the provider took it; aware. None when a way of paying does not say (finance's file).
    """

    provider_id: str
    created_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """The provider has it and will pay or fail it; ask again later."""

    provider_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The provider will not pay it. Every payout named has failed; a person decides whether it is tried again."""

    provider_ids: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotProcessed:
    """The provider did not act on the request (429, 503, no connection); it may be sent again with the same key.

    Fields:
        wait_seconds: The provider's own word on when; None when it gave none.
    """

    reason: str
    wait_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The provider did not act and a repeat will not help: token, funds, a field. A person must change something."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """The request may have been carried out, the answer never came or cannot be read. Look up; never send again."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """The look-up found nothing under our reference. Proof only when asked late enough, see `paying.next_step`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """The look-up was not answered; nothing was learned. `wait_seconds` as in NotProcessed."""

    reason: str
    wait_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubled:
    """More than one payout under our reference has been or will be paid. A person must act at once."""

    provider_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """The provider's record is not the payout that was ordered, or cannot be understood. Never taken as confirmed."""

    reason: str


#: What sending can come to.
SendAnswer = Confirmed | Pending | Failed | NotProcessed | Refused | Unknown | Alarm
#: What a look-up by our reference can come to.
LookUpAnswer = Confirmed | Pending | Failed | Absent | Doubled | Alarm | Refused | Unanswered
