"""The org: all rows in memory by object, the indexes queries use, and who wants to know when a row changes."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from sandbox.salesforce.ids import Ids, numbered
from sandbox.salesforce.schema import ENTITIES, Entity

Value = str | bool | int | float | None
Row = Mapping[str, Value]
"""Values by field name; a missing one is null. Times are texts as the wire has them, so they compare as they are."""

ORG_ID = numbered("00D", 1)
INTEGRATION_USER_ID = numbered("005", 1)
AGENT_ID = numbered("005", 2)


def stamp(moment: datetime) -> str:
    """Return a moment as Salesforce writes it, "2026-11-22T10:00:00.000+0000": the milliseconds are always zero."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000+0000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """A row that was written. before: None = it is new. A deletion has IsDeleted in `after`."""

    entity: Entity
    before: Row | None
    after: Row


class Table:
    """The rows of one object, deleted ones too, with indexes on ids, references and external ids."""

    def __init__(self, entity: Entity) -> None:
        self.entity = entity
        self.rows: dict[str, Row] = {}
        self._indexed = tuple(
            known.name
            for known in entity.fields
            if (known.kind == "reference" and known.has("c")) or known.has("i") or known.has("x")
            if known.kind != "id"
        )
        self._index: dict[str, dict[str, dict[str, None]]] = {name: {} for name in self._indexed}
        self._stamps: list[tuple[str, str]] = []
        self._unsorted = False

    def put(self, row: Row) -> None:
        """Insert or replace a row."""
        row_id = str(row["Id"])
        before = self.rows.get(row_id)
        self.rows[row_id] = row
        self._move_stamp(row_id, before, row)
        for name in self._indexed:
            old = before.get(name) if before else None
            if old != row.get(name):
                self._unindex(name, old, row_id)
                if row.get(name) is not None:
                    self._index[name].setdefault(_key(row[name]), {})[row_id] = None

    def put_many(self, rows: Iterable[Row]) -> None:
        """Insert or replace many rows, sorting the stamps once at the next query."""
        for row in rows:
            if row["Id"] not in self.rows:
                self._unsorted = True
            self.put(row)

    def remove(self, row_id: str) -> None:
        """Forget a row altogether, as when it was never there."""
        row = self.rows.pop(row_id)
        self._sort()
        self._stamps.pop(bisect_left(self._stamps, (str(row["SystemModstamp"]), row_id)))
        for name in self._indexed:
            self._unindex(name, row.get(name), row_id)

    def ids_with(self, name: str, value: str) -> tuple[str, ...] | None:
        """Return the ids of rows with this value, whatever its case; None when the field has no index."""
        index = self._index.get(name)
        return None if index is None else tuple(index.get(_key(value), ()))

    def ids_stamped(self, *, since: str | None, until: str | None) -> list[str]:
        """Return the ids of rows with `since` <= SystemModstamp <= `until`, in its order; None = no bound."""
        self._sort()
        start = 0 if since is None else bisect_left(self._stamps, (since, ""))
        end = len(self._stamps) if until is None else bisect_left(self._stamps, (until, "~"))
        return [row_id for _, row_id in self._stamps[start:end]]

    def _move_stamp(self, row_id: str, before: Row | None, row: Row) -> None:
        new = (str(row["SystemModstamp"]), row_id)
        if before is not None:
            old = (str(before["SystemModstamp"]), row_id)
            if old == new:
                return
            self._sort()
            self._stamps.pop(bisect_left(self._stamps, old))
        if self._unsorted or not self._stamps or new > self._stamps[-1]:
            self._stamps.append(new)
        else:
            insort(self._stamps, new)

    def _sort(self) -> None:
        if self._unsorted:
            self._stamps.sort()
            self._unsorted = False

    def _unindex(self, name: str, value: Value, row_id: str) -> None:
        if value is not None:
            held = self._index[name].get(_key(value))
            if held is not None:
                held.pop(row_id, None)
                if not held:
                    del self._index[name][_key(value)]


def _key(value: Value) -> str:
    return str(value).lower()


class Org:
    """All tables. A write inside a transaction can be taken back, and nobody hears of it before it is kept."""

    def __init__(self, *, now: datetime) -> None:
        self.ids = Ids()
        self.tables = {name: Table(entity) for name, entity in ENTITIES.items()}
        self.listeners: list[Callable[[tuple[Happening, ...]], None]] = []
        self._undo: list[tuple[Table, str, Row | None]] = []
        self._happenings: list[Happening] = []
        self._case_numbers = count(1_001)
        for row in _staff(stamp(now)):
            entity = ENTITIES["User" if str(row["Id"]).startswith("005") else "Organization"]
            self.tables[entity.name].put(row)
            self.ids.new(entity.prefix)

    def table(self, entity: Entity) -> Table:
        """Return the rows of an object."""
        return self.tables[entity.name]

    def row(self, entity: Entity, row_id: object) -> Row | None:
        """Return a row, deleted or not; None when there is none."""
        return self.tables[entity.name].rows.get(str(row_id))

    def new_id(self, entity: Entity) -> str:
        """Return an id no row of this object has."""
        rows = self.table(entity).rows
        while True:
            found = self.ids.new(entity.prefix)
            if found not in rows:
                return found

    def new_case_number(self) -> str:
        """Return the next case number: "00001001"."""
        return f"{next(self._case_numbers):08}"

    def put(self, entity: Entity, row: Row) -> None:
        """Insert or replace a row; undone by `roll_back`, told by `commit`."""
        table = self.table(entity)
        before = table.rows.get(str(row["Id"]))
        table.put(row)
        self._undo.append((table, str(row["Id"]), before))
        self._happenings.append(Happening(entity=entity, before=before, after=row))

    def purge(self, entity: Entity, row_id: str) -> None:
        """Forget a row at once and for good; nobody is told."""
        self.table(entity).remove(row_id)

    def mark(self) -> int:
        """Return how much has been written since the last commit, for `roll_back`."""
        return len(self._undo)

    def roll_back(self, mark: int = 0) -> None:
        """Take back all that was written after `mark`."""
        while len(self._undo) > mark:
            table, row_id, before = self._undo.pop()
            if before is None:
                table.remove(row_id)
            else:
                table.put(before)
        del self._happenings[mark:]

    def commit(self) -> None:
        """Keep what was written and tell the listeners."""
        happenings, self._happenings = tuple(self._happenings), []
        self._undo.clear()
        if happenings:
            for listener in self.listeners:
                listener(happenings)


def _staff(at: str) -> tuple[Row, ...]:
    """Return the organization, the integration user and the agents every sandbox org starts with."""
    audit: Row = {
        "CreatedDate": at,
        "CreatedById": INTEGRATION_USER_ID,
        "LastModifiedDate": at,
        "LastModifiedById": INTEGRATION_USER_ID,
        "SystemModstamp": at,
    }
    organization: Row = {
        "Id": ORG_ID,
        "Name": "Harbor Exchange",
        "OrganizationType": "Enterprise Edition",
        "IsSandbox": False,
        "InstanceName": "EU99",
        "LanguageLocaleKey": "en_US",
        "TimeZoneSidKey": "UTC",
        **audit,
    }
    people = (
        ("Makewhole", "Integration", "makewhole@harbor.example"),
        ("Ana", "Silva", "ana.silva@harbor.example"),
        ("Tom", "Baker", "tom.baker@harbor.example"),
    )
    return (organization, *(_user(number, *person, audit) for number, person in enumerate(people, start=1)))


def _user(number: int, first: str, last: str, email: str, audit: Row) -> Row:
    return {
        "Id": numbered("005", number),
        "Username": email,
        "FirstName": first,
        "LastName": last,
        "Name": f"{first} {last}",
        "Email": email,
        "Alias": email[:8],
        "IsActive": True,
        "UserType": "Standard",
        "TimeZoneSidKey": "UTC",
        "LocaleSidKey": "en_US",
        "LanguageLocaleKey": "en_US",
        **audit,
    }
