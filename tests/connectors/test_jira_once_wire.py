"""Under any trouble on the wire, each write to Jira is made once."""

import pytest

from connectors.contract import TryLater
from tests.connectors.jira_world import Jira, a_request, an_issue, an_update, ref, serving

jira = pytest.fixture(serving)
FAULTS = (
    ("rate_limited", ""),
    ("unavailable", ""),
    ("dropped_before", ""),
    ("dropped_after_write", "PUT"),
    ("dropped_after_write", "POST"),
    ("cut_after_write", "GET"),
    ("transition_conflict", ""),
    ("issue_rate_limited", ""),
)


def written(jira: Jira, key: str, step: str, mark: str, state: str) -> int:
    """Write by a new process at each try until it is done; return how many tries it took."""
    for tries in range(1, 200):
        try:
            jira.connect(transitions=(("paid", step),)).write(
                an_update(ref=ref(key), mark=mark, fields=(("mw_state", state),))
            )
        except TryLater:
            continue
        return tries
    raise AssertionError(mark)


@pytest.mark.parametrize("seed", range(4))
def test_every_note_stands_once_and_inside_whatever_the_wire_does(jira: Jira, seed: int) -> None:
    jira.load(an_issue(fields={"status": "In Progress"}), a_request(fields={"status": "In Progress"}))
    for number, (fault, match) in enumerate(FAULTS):
        jira.fault(fault, match, rate=0.15, seed=seed * 100 + number)

    tries = 0
    for number, state in enumerate(("approved", "paid"), start=1):
        for key, step in (("10005", "31"), ("10007", "761")):
            tries += written(jira, key, step, f"CASE-4711/{number}", state)

    assert tries > 4
    for key, status in (("ENG-5", "Done"), ("CARE-7", "Resolved")):
        issue = jira.issue(key)
        said = [each["properties"][0]["value"]["mark"] for each in issue["comments"]]
        assert said == ["CASE-4711/1", "CASE-4711/2"]
        assert (issue["fields"]["customfield_10111"], issue["fields"]["status"]["name"]) == ("paid", status)
    assert all("visibility" in each for each in jira.comments("ENG-5"))
    assert not any(each["jsdPublic"] for each in jira.comments("CARE-7"))
