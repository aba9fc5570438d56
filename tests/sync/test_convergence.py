"""Whatever agents do at three desks, and however it is read and written: all come to what the owners say, and rest."""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cases.ticket import Author, TicketRef
from connectors.contract import TryLater
from store import outbox
from store.conflicts import Cause
from store.outbox import State
from sync.ownership import likeness
from tests.sync.three_desks import RULES, VENDORS, PlayedDesk, ThreeDesks

STATE = "mw_state"
FIELDS = (*RULES, STATE)
VALUES = ("", "A", "B", "12.50")
EXAMPLES = {"sqlite": int(os.environ.get("MIRROR_EXAMPLES", "40")), "postgresql": 8}

vendor = st.sampled_from(VENDORS)
name = st.sampled_from(FIELDS)
edit = st.tuples(st.just("edit"), vendor, name, st.sampled_from(VALUES))
step = st.one_of(
    edit,
    edit,
    st.tuples(st.just("say"), vendor, st.sampled_from([Author.AGENT, Author.CUSTOMER])),
    st.tuples(st.just("read"), vendor),
    st.tuples(st.just("work")),
    st.tuples(st.just("read while others write"), vendor),
    st.tuples(st.just("edit while we write"), vendor, name, st.sampled_from(VALUES)),
    st.tuples(st.just("hear news while we write"), vendor, vendor, name, st.sampled_from(VALUES)),
    st.tuples(st.just("lose an answer"), vendor),
    st.tuples(st.just("be away"), vendor),
    st.tuples(st.just("refuse"), vendor, st.sampled_from(tuple(RULES)), st.sampled_from(VALUES)),
    st.tuples(st.just("do a job again"), vendor),
    st.tuples(st.just("an hour passes")),
)


@dataclass(kw_only=True)
class Day:
    """One case on a day of its own, and what was done to it by agents.

    Fields:
        number: Of the day; its tickets have it for their key.
        filled: What every ticket came with.
        owners: The last value that the owner of each field has set.
        edits: Every edit of each field, oldest first.
        said: What agents said, in words that nobody says twice, and where.
    """

    desks: ThreeDesks
    number: int
    filled: dict[str, str]
    owners: dict[str, str] = field(default_factory=dict)
    edits: dict[str, list[str]] = field(default_factory=dict)
    said: list[tuple[TicketRef, str]] = field(default_factory=list)

    def ref(self, at: str) -> TicketRef:
        return next(each for each in self.refs if each.vendor == at)

    @property
    def refs(self) -> tuple[TicketRef, ...]:
        return tuple(TicketRef(vendor=each, account="harbor", key=str(self.number)) for each in VENDORS)

    def begin(self) -> None:
        self.desks.desks = {each: PlayedDesk(time=self.desks.time) for each in VENDORS}
        for ref in self.refs:
            self.desks.come(ref, loss=f"W-{self.number}", customer=f"C-{self.number}", **self.filled)
        self.desks.settle()

    def edit(self, at: str, name: str, value: str) -> None:
        self.edits.setdefault(name, []).append(value)
        self.desks.edit(self.ref(at), **{name: value})
        if name in RULES and RULES[name].owner == at:
            self.owners[name] = value

    def say(self, at: str, by: Author) -> None:
        words = f"words {len(self.said)} of {by}"
        if by is Author.AGENT:
            self.said.append((self.ref(at), words))
        self.desks.at(self.ref(at)).say(self.ref(at), words, by, public=by is Author.CUSTOMER)

    def read(self, at: str) -> None:
        self.desks.read(self.ref(at))

    def read_while_others_write(self, at: str) -> None:
        self.desk(at).while_read = self.desks.work
        self.desks.read(self.ref(at))

    def edit_while_we_write(self, at: str, name: str, value: str) -> None:
        self.desk(at).before_write = lambda: self.edit(at, name, value)

    def hear_news_while_we_write(self, writing: str, at: str, name: str, value: str) -> None:
        def news() -> None:
            self.edit(at, name, value)
            self.desks.read(self.ref(at))

        self.desk(writing).before_write = news

    def lose_an_answer(self, at: str) -> None:
        self.desk(at).lost_answers = 1

    def be_away(self, at: str) -> None:
        self.desk(at).troubles.append(TryLater("503", wait_seconds=1.0, done=False))

    def refuse(self, at: str, name: str, value: str) -> None:
        self.desk(at).refuses[(name, value)] = "is not taken"

    def desk(self, at: str) -> PlayedDesk:
        return self.desks.at(self.ref(at))

    def repeat(self, at: str) -> None:
        """Do a job of the ticket's lane again that was done, as after a crash."""
        for number in (1, 2, 3):
            with self.desks.database.read() as connection:
                item = outbox.find(connection, f"ticket/{self.ref(at)}#{number}")
            if item is not None and item.state is State.SENT:
                self.desks.again(item.kind, item.key)

    def held(self) -> set[tuple[str, str]]:
        """Return (ticket, field) of what the mirror leaves alone until a person has decided."""
        return {(each.ref, each.field) for each in self.desks.conflicts_found() if each.cause is not Cause.OVERRULED}

    def shown(self, ref: TicketRef, name: str) -> str:
        return self.desks.at(ref).tickets[ref].field(name) or ""


ACTS: dict[str, Callable[..., object]] = {
    "edit": Day.edit,
    "say": Day.say,
    "read": Day.read,
    "work": lambda day: day.desks.work(),
    "read while others write": Day.read_while_others_write,
    "edit while we write": Day.edit_while_we_write,
    "hear news while we write": Day.hear_news_while_we_write,
    "lose an answer": Day.lose_an_answer,
    "be away": Day.be_away,
    "refuse": Day.refuse,
    "do a job again": Day.repeat,
    "an hour passes": lambda day: day.desks.hour_passes(),
}


def check(day: Day) -> None:
    """Hold the case to what ownership says."""
    held = day.held()
    for name in FIELDS:
        free = [ref for ref in day.refs if (str(ref), name) not in held]
        assert len({likeness(day.shown(ref, name)) for ref in free}) <= 1, name
        owner = next((ref for ref in free if name in RULES and RULES[name].owner == ref.vendor), None)
        # A field that nobody ever filled in is not cleared by its owner: it takes what another says.
        if owner is not None and name in day.owners and (day.owners[name] or name in day.filled):
            assert likeness(day.shown(owner, name)) == likeness(day.owners[name]), name
    if not any(name == STATE for _, name in held):
        assert day.shown(day.refs[0], STATE) == "awaiting_approval"
    newest = day.edits.get("claimed_asset", [])
    if len(newest) == 1 and (newest[0] or "claimed_asset" in day.filled) and not held:
        # Stamps are those of tickets: of several changes the one that counts is not always the last.
        assert {likeness(day.shown(ref, "claimed_asset")) for ref in day.refs} == {likeness(newest[0])}
    lost = Counter(each.field for each in day.desks.conflicts_found() if each.ref.endswith(f":{day.number}"))
    assert all(number <= len(day.edits.get(name, ())) for name, number in lost.items()), lost
    check_comments(day)


def check_comments(day: Day) -> None:
    copies: Counter[tuple[TicketRef, str]] = Counter()
    for ref in day.refs:
        for comment in day.desks.at(ref).tickets[ref].comments:
            if comment.written_by is Author.US and comment.body.startswith("Comment from"):
                copies[ref, comment.body.splitlines()[1].removeprefix("> ")] += 1
    wanted = {(ref, words): 1 for source, words in day.said for ref in day.refs if ref != source}
    assert copies == wanted


def test_all_desks_come_to_what_the_owners_say_and_rest(desks: ThreeDesks) -> None:
    numbers = count(1)

    @settings(max_examples=EXAMPLES[desks.engine.dialect.name], deadline=None, suppress_health_check=list(HealthCheck))
    @given(filled=st.dictionaries(st.sampled_from(tuple(RULES)), st.just("A")), steps=st.lists(step, max_size=14))
    def play(filled: dict[str, str], steps: list[tuple[str, ...]]) -> None:
        day = Day(desks=desks, number=next(numbers), filled=filled)
        day.begin()

        for what, *how in steps:
            ACTS[what](day, *how)
        for desk in desks.desks.values():
            desk.troubles, desk.lost_answers = [], 0
        desks.settle(most_rounds=20)

        check(day)
        written = desks.write_count()
        desks.say_nothing_new()
        desks.settle()
        assert desks.write_count() == written

    play()
