"""Who owns which field of a case's tickets, and whose comments are passed on."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, Field

from cases.ticket import Vendor
from config.checking import STRICT
from config.helpdesks import FieldName

Owner = Literal["zendesk", "salesforce", "jira", "newest", "makewhole"]


class FieldRule(BaseModel):
    """One field that all tickets of a case shall show alike.

    Fields:
        owner: The vendor whose agents fill it in; "newest": whoever changed it last. Ours (mw_…) is always makewhole's.
        on_change: What becomes of a change by anybody else: put back, or shown to people.
    """

    model_config = STRICT

    owner: Owner = "makewhole"
    on_change: Literal["restore", "flag"] = "restore"


class PassOn(BaseModel):
    """Whose agents' comments go to whose tickets of the same case, as internal notes.

    Fields:
        from_vendors, to_vendors: Which desks; a ticket never gets its own comments.
        public: Also what the agents wrote to the customer; else internal notes only.
    """

    model_config = STRICT

    from_vendors: tuple[Vendor, ...] = Field(min_length=1)
    to_vendors: tuple[Vendor, ...] = Field(min_length=1)
    public: bool = False


class Mirroring(BaseModel):
    """How the tickets of one case are held together; without rules each keeps its own fields and comments."""

    model_config = STRICT

    fields: Mapping[FieldName, FieldRule] = Field(default_factory=dict)
    comments: tuple[PassOn, ...] = Field(default=(), max_length=20)
