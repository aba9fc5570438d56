"""How one ticket names another: where the name stands says how far it may be believed."""

from dataclasses import dataclass
from enum import StrEnum

from cases.ticket import Vendor


class Place(StrEnum):
    """Where a ticket names another: in a field or record that is made for it, or somewhere in people's words."""

    LINK = "link"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A ticket that another ticket names.

    Fields:
        vendor: "jira".
        account: One that we read: "harbor".
        key: The vendor's own id ("10042"), or what people call it ("ENG-5"); only the mirror can tell which.
        where: A name in a link is certain; one in words may be anything.
    """

    vendor: Vendor
    account: str
    key: str
    where: Place

    def __str__(self) -> str:
        return f"{self.vendor}:{self.account}:{self.key}"
