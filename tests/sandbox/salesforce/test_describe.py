"""Our table of fields held to the vendor's real describes."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.salesforce.schema import ENTITIES
from tests.sandbox.salesforce.conftest import Org, V

NOT_HELD = {
    "inlineHelpText",  # An org's own help.
    "permissionable",  # Differs from org to org.
    "searchPrefilterable",  # As above.
    "compoundFieldName",  # The sandbox has no compound fields.
    "extraTypeInfo",  # Says "personname" where a compound name is.
    "picklistValues",  # Held below by value.
    "aggregatable",  # The sandbox does not aggregate.
}
OWN_STATUS = "On Hold"


def described(shared: Path, name: str) -> dict[str, dict[str, Any]]:
    content = (shared / "vendor" / "salesforce" / "describe" / f"{name}.describe.json").read_text()
    return {field["name"]: field for field in json.loads(content)["fields"]}


@pytest.mark.parametrize("name", ["Account", "Case", "Contact"])
def test_every_standard_field_is_as_the_vendor_describes_it(still: Org, shared: Path, name: str) -> None:
    vendor = described(shared, name)

    ours = still.get(f"/sobjects/{name}/describe")["fields"]

    for field in ours:
        if field["name"].endswith("__c"):
            continue
        real = vendor[field["name"]]
        assert set(field) == set(real)
        differing = {key: (field[key], real[key]) for key in field if key not in NOT_HELD and field[key] != real[key]}
        assert differing == {}, field["name"]
        values = [choice["value"] for choice in field["picklistValues"] if choice["value"] != OWN_STATUS]
        assert values == [choice["value"] for choice in real["picklistValues"]], field["name"]


@pytest.mark.parametrize("name", ["Account", "Case", "Contact"])
def test_an_object_is_described_with_the_vendors_attributes(still: Org, shared: Path, name: str) -> None:
    content = (shared / "vendor" / "salesforce" / "describe" / f"{name}.describe.json").read_text()
    real = json.loads(content)

    ours = still.get(f"/sobjects/{name}/describe")

    assert set(real) - set(ours) <= {"associateEntityType", "associateParentEntity", "sobjectDescribeOption"}
    same = ("keyPrefix", "label", "labelPlural", "createable", "updateable", "deletable", "queryable", "mergeable")
    assert {key: ours[key] for key in same} == {key: real[key] for key in same}
    real_children = {(child["childSObject"], child["field"]) for child in real["childRelationships"]}
    assert {(child["childSObject"], child["field"]) for child in ours["childRelationships"]} <= real_children


def test_the_custom_fields_of_harbor_exchange_are_there(still: Org) -> None:
    fields = {field["name"]: field for field in still.get("/sobjects/Case/describe")["fields"]}

    assert (fields["MW_Mark__c"]["length"], fields["MW_Mark__c"]["externalId"], fields["MW_Mark__c"]["unique"]) == (
        80,
        True,
        False,
    )
    assert (fields["Claimed_Amount__c"]["precision"], fields["Claimed_Amount__c"]["scale"]) == (18, 8)
    assert (fields["Order_Id__c"]["length"], fields["Zendesk_Ticket_Id__c"]["length"]) == (40, 20)
    assert (fields["MW_Case_Url__c"]["type"], fields["MW_Case_Url__c"]["length"]) == ("url", 255)
    contact = {field["name"]: field for field in still.get("/sobjects/Contact/describe")["fields"]}
    assert contact["Customer_Number__c"]["unique"] is True


def test_all_objects_are_listed(still: Org) -> None:
    listed = still.get("/sobjects/")

    assert listed["maxBatchSize"] == 200
    assert [entity["name"] for entity in listed["sobjects"]] == list(ENTITIES)
    assert still.get("/sobjects/Case")["objectDescribe"]["keyPrefix"] == "500"
    assert still.http.get(f"{V}/sobjects/Opportunity/describe").status_code == 404


def test_versions_and_resources_are_listed(still: Org) -> None:
    versions = still.http.get("/services/data").json()

    assert versions[-1] == {"label": "Winter '27", "url": "/services/data/v68.0", "version": "68.0"}
    assert [v["label"] for v in versions if v["version"] in ("33.0", "66.0", "67.0")] == [
        "Spring '15",
        "Spring '26",
        "Summer '26",
    ]
    assert still.get("/")["query"] == f"{V}/query"
    assert still.http.get("/services/data/v99.0/limits").status_code == 404
