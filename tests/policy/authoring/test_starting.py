"""Every template is a policy that loads under the name it is given."""

from pathlib import Path

import pytest

from config.people import load_people
from policy.authoring.starting import begun, templates
from policy.loading import load_policy

PEOPLE = load_people(Path(__file__).resolve().parents[3] / "config" / "people.yaml")
NAMES = {
    "blank",
    "delay-tiers",
    "duplicate-charge",
    "goodwill-voucher",
    "loss-share",
    "missed-exit",
    "service-credit",
}


def test_the_templates_say_what_they_are_for() -> None:
    assert {each.name for each in templates()} == NAMES
    assert all(each.about and each.text.startswith(f"# {each.about}\n") for each in templates())


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_policy_that_is_begun_loads_and_its_examples_hold(name: str) -> None:
    policy = load_policy(begun("parcel-late", name), "parcel-late.yaml", people=PEOPLE)

    assert (policy.name, policy.topics) == ("parcel-late", ("parcel_late",))


@pytest.mark.parametrize("name", ["Parcel", "", "../parcel", "a" * 61, "parcel late", "__class__"])
def test_a_name_that_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be a name"):
        begun(name, "blank")


def test_a_template_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match='"delay-tier" is no template: did you mean "delay-tiers"'):
        begun("parcel", "delay-tier")
