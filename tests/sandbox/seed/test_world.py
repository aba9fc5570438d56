"""The demo world is large, mixed and without loose ends."""

from collections import Counter
from pathlib import Path

import pytest

from sandbox.seed import load_expected, load_seed
from sandbox.seed.tickets import BadSeed

SEED = load_seed()
EXPECTED = load_expected()
TOPIC = 900_001
AGENTS = {1_001, 1_002, 1_003}


def test_every_ticket_has_an_outcome_and_every_outcome_a_ticket() -> None:
    assert len(SEED.tickets) == 156
    assert {ticket["id"] for ticket in SEED.tickets} == {each.ticket_id for each in EXPECTED}


def test_the_mix_is_the_one_the_demo_was_made_for() -> None:
    assert Counter(each.outcome for each in EXPECTED) == {
        "proposal": 85,
        "needs_attention": 25,
        "same_case": 7,
        "no_case": 32,
        "merged": 4,
        "deleted": 3,
    }
    assert Counter(each.classification for each in EXPECTED if each.classification) == {
        "valid_claim": 35,
        "goodwill": 29,
        "ineligible": 12,
        "fraud_review": 7,
        "individual_review": 2,
    }


def test_all_five_topics_and_both_languages_are_there() -> None:
    topics = Counter(
        field["value"] for ticket in SEED.tickets for field in ticket["custom_fields"] if field["id"] == TOPIC
    )
    chinese = [ticket for ticket in SEED.tickets if any("一" <= sign <= "鿿" for sign in ticket["subject"])]

    assert topics == {
        None: 34,
        "okb_volatility_2024_01": 26,
        "nem_incident_2018": 16,
        "lever_perpetual_2025_10": 17,
        "delayed_withdrawal": 39,
        "duplicate_charge": 24,
    }
    assert len(chinese) == 56


def test_everybody_named_is_there_once() -> None:
    ids = [user["id"] for user in SEED.users]

    assert len(ids) == len(set(ids))
    assert len({user["email"] for user in SEED.users}) == len(ids)
    assert {ticket["requester_id"] for ticket in SEED.tickets} <= set(ids)
    assert {each["author_id"] for ticket in SEED.tickets for each in ticket["comments"]} <= {*ids, *AGENTS}
    assert {record.customer_id for record in SEED.records} <= {user["external_id"] for user in SEED.users}
    assert set(SEED.unknown_payees) <= {user["external_id"] for user in SEED.users}


def test_times_lie_in_november_2026_and_run_forward() -> None:
    for ticket in SEED.tickets:
        times = [ticket["created_at"], *(each["created_at"] for each in ticket["comments"])]
        assert times == sorted(times), ticket["id"]
        assert times[0].startswith("2026-11-")
        assert ticket["updated_at"] >= times[-1]


def test_a_merge_leaves_a_tag_and_a_note_on_both_sides() -> None:
    tickets = {ticket["id"]: ticket for ticket in SEED.tickets}
    merged = [ticket for ticket in SEED.tickets if "merged_into" in ticket]

    assert len(merged) == 4
    for source in merged:
        target = tickets[source["merged_into"]]
        assert (source["status"], source["tags"][-1]) == ("closed", "closed_by_merge")
        assert f"#{target['id']}" in source["comments"][-1]["body"]
        assert any(f"#{source['id']}" in each["body"] and not each["public"] for each in target["comments"])
        assert source["requester_id"] == target["requester_id"]


@pytest.mark.parametrize(
    "piece",
    [
        "<!channel>",
        "*",
        "&lt;",
        "<script",
        "onerror=",
        "😂",
        "مرحبا",
        "שלום",
        "\u202b",
        "ignore all earlier instructions",
    ],
)
def test_awkward_text_is_in_the_world(piece: str) -> None:
    texts = [f"{ticket['subject']}\n{ticket['description']}" for ticket in SEED.tickets]

    assert any(piece in text.replace("&lt;script", "<script") for text in texts)


def test_one_ticket_is_nearly_as_long_as_the_vendor_allows() -> None:
    longest = max(len(ticket["description"].encode()) for ticket in SEED.tickets)

    assert 49_000 < longest < 65_536


def test_loading_twice_gives_the_same_world() -> None:
    assert load_seed() == SEED


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("tickets: [{id: 1, from: C-100001, at: 11-01 00:00, subject: s, text: t}]", "C-100001 is no customer"),
        (
            "customers: {C-100001: {name: A, mail: a, locale: en, age: 3}}\nlosses: [{customer: C-100001, order: O}]",
            "age",
        ),
        ("customers: {C-100001: {name: A, mail: a, locale: en}}\nlosses: [{customer: C-100001}]", "exactly one of"),
        ("customer: {}", "what a file may hold"),
        ("[]", "what a file may hold"),
    ],
)
def test_a_world_written_wrongly_is_refused_with_the_place(tmp_path: Path, written: str, complaint: str) -> None:
    (tmp_path / "wrong.yaml").write_text(written)

    with pytest.raises(BadSeed, match=complaint):
        load_seed(tmp_path)
