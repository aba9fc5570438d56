"""The role table: who may decide what, up to how much, and who stands in for whom."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field
from pydantic_core import PydanticCustomError

from cases.money import Money, NotExact, UnknownAsset
from cases.people import Authority, Delegation, People, Person
from cases.proposal import PersonId
from config.checking import STRICT, check
from config.mistakes import BadSettings, Mistake, did_you_mean
from config.secret import Surroundings
from config.yaml_text import Document, Step, path_text, read_document

LONGEST_DELEGATION = timedelta(days=92)
_AMOUNT = re.compile(r"([0-9][0-9_]{0,39}(?:\.[0-9]{1,18})?) ([A-Z]{2,10})")

Problem = tuple[tuple[Step, ...], str]


def load_people(path: Path) -> People:
    """Return the people in a file, in its order; raises BadSettings with every mistake."""
    document = read_document(path)
    table = check(document, Table, Surroundings({}, path.parent))
    problems = [*_repeats(table), *_delegation_problems(table)]
    if problems:
        raise BadSettings(_mistake(document, where, what) for where, what in problems)
    everyone = {id_: _person(PersonId(id_), written) for id_, written in table.people.items()}
    for lent in table.delegations:
        to = everyone[lent.to]
        everyone[lent.to] = replace(to, delegations=(*to.delegations, _delegation(lent)))
    return People(everyone=tuple(everyone.values()))


def _limit(text: str) -> str:
    """Check one limit: "10000 USDT", or with _ between digits."""
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise PydanticCustomError("amount", "write an amount like 10000 USDT or 1_500_000 JPY")
    try:
        money = _money(text)
    except (NotExact, UnknownAsset) as error:
        raise PydanticCustomError("amount", "{why}", {"why": str(error)}) from None
    if money.minor <= 0:
        raise PydanticCustomError("amount", "write an amount above zero; leave the asset out to allow none of it")
    return text


def _one_of_each(limits: tuple[str, ...]) -> tuple[str, ...]:
    codes = [limit.rpartition(" ")[2] for limit in limits]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise PydanticCustomError("amount", "{codes}: keep one limit for each asset", {"codes": ", ".join(twice)})
    return limits


Limits = Annotated[tuple[Annotated[str, AfterValidator(_limit)], ...], AfterValidator(_one_of_each)]
RoleName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]{0,49}$")]


class WrittenPerson(BaseModel):
    """One person. `notified`: mentioned on the cards of cases that they could decide."""

    model_config = STRICT

    name: str = Field(min_length=1, max_length=100)
    locale: Literal["en", "zh"] = "en"
    slack: Annotated[str, Field(pattern=r"^[UW][A-Z0-9]{2,20}$")] | None = None
    helpdesk: tuple[Annotated[str, Field(pattern=r"^(zendesk|salesforce|jira):[^:\s]+:[^:\s]+$")], ...] = ()
    notified: bool = True
    roles: Mapping[RoleName, Limits] = Field(default_factory=dict)


class WrittenDelegation(BaseModel):
    """A role lent from one person to another, for a time and up to amounts."""

    model_config = STRICT

    giver: Id = Field(alias="from")
    to: Id
    role: RoleName
    limits: Limits = Field(min_length=1)
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class Table(BaseModel):
    """The whole file."""

    model_config = STRICT

    people: Mapping[Id, WrittenPerson] = Field(min_length=1)
    delegations: tuple[WrittenDelegation, ...] = Field(default=(), max_length=1_000)


def _repeats(table: Table) -> Iterator[Problem]:
    """Yield what two entries claim of one human being: whoever decides must be one person, counted once."""
    seen: dict[str, str] = {}
    for id_, person in table.people.items():
        marks: list[tuple[tuple[Step, ...], str]] = []
        if person.slack:
            marks.append((("people", id_, "slack"), person.slack))
        marks += [(("people", id_, "helpdesk", number), each) for number, each in enumerate(person.helpdesk)]
        marks.append((("people", id_, "name"), " ".join(person.name.split()).casefold()))
        for where, mark in marks:
            other = seen.setdefault(mark, id_)
            if other != id_:
                yield where, f"{other} has the same: one human being is one entry, or the two count as two approvers"


def _delegation_problems(table: Table) -> Iterator[Problem]:
    for number, lent in enumerate(table.delegations):
        here = ("delegations", number)
        unknown = [(key, id_) for key, id_ in (("from", lent.giver), ("to", lent.to)) if id_ not in table.people]
        for key, id_ in unknown:
            yield (*here, key), f"nobody has this id: {did_you_mean(id_, table.people)}"
        if lent.giver == lent.to:
            yield (*here, "to"), "name somebody else: nobody stands in for themselves"
        if lent.ends_at <= lent.starts_at:
            yield (*here, "ends_at"), "must be later than starts_at"
        elif lent.ends_at - lent.starts_at > LONGEST_DELEGATION:
            yield (*here, "ends_at"), f"at most {LONGEST_DELEGATION.days} days after starts_at: give the role itself"
        if not unknown:
            yield from _beyond_the_giver(lent, table.people[lent.giver], here)


def _beyond_the_giver(lent: WrittenDelegation, giver: WrittenPerson, here: tuple[Step, ...]) -> Iterator[Problem]:
    """Yield where more is lent than the giver has of their own; what was lent to them does not count, so no chains."""
    if lent.role not in giver.roles:
        yield (*here, "role"), f"{lent.giver} does not hold it: {did_you_mean(lent.role, giver.roles)}"
        return
    own = {money.code: money for money in map(_money, giver.roles[lent.role])}
    for number, limit in enumerate(map(_money, lent.limits)):
        if limit.code not in own:
            yield (*here, "limits", number), f"{lent.giver} may not agree to any {limit.code}"
        elif own[limit.code] < limit:
            yield (*here, "limits", number), f"at most {own[limit.code]}, the giver's own limit"


def _mistake(document: Document, where: tuple[Step, ...], what: str) -> Mistake:
    return Mistake(place=document.place_of(where), path=path_text(where), what=what)


def _person(id_: PersonId, written: WrittenPerson) -> Person:
    return Person(
        id=id_,
        name=written.name,
        locale=written.locale,
        slack_id=written.slack,
        helpdesk_ids=written.helpdesk,
        authorities=tuple(_authority(role, limits) for role, limits in written.roles.items()),
        delegations=(),
        notified=written.notified,
    )


def _delegation(lent: WrittenDelegation) -> Delegation:
    return Delegation(
        giver=PersonId(lent.giver),
        authority=_authority(lent.role, lent.limits),
        starts_at=_utc(lent.starts_at),
        ends_at=_utc(lent.ends_at),
    )


def _authority(role: str, limits: tuple[str, ...]) -> Authority:
    return Authority(role=role, limits=tuple(map(_money, limits)))


def _money(text: str) -> Money:
    amount, _, code = text.rpartition(" ")
    return Money.exactly(amount.replace("_", ""), code)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
