"""Rows for tests: the customer C-100023 at Acme, and cases of theirs."""

from typing import Any

ACME = {"number": 1, "Name": "Acme", "Customer_Number__c": "A-1"}
MEI = {
    "number": 1,
    "FirstName": "Mei",
    "LastName": "Lin",
    "Email": "mei@mail.example",
    "Customer_Number__c": "C-100023",
    "Account": {"Customer_Number__c": "A-1"},
}
CASE_ONE = "500Hr0000000001IAA"
CONTACT_ONE = "003Hr0000000001IAA"
ACCOUNT_ONE = "001Hr0000000001IAA"
ANA = "005Hr0000000002IAA"


def a_case(number: int, **given: Any) -> dict[str, Any]:
    """Return a case for the bulk load: from C-100023 an hour before noon, unless said otherwise."""
    return {
        "number": number,
        "Subject": f"Case {number}",
        "Contact": {"Customer_Number__c": "C-100023"},
        "CreatedDate": "2026-11-22T11:00:00Z",
        **given,
    }


def a_world(*cases: dict[str, Any]) -> dict[str, Any]:
    """Return Acme, Mei and these cases."""
    return {"Account": [ACME], "Contact": [MEI], "Case": list(cases)}
