"""Getting into Salesforce, and what doctor and map find there, over the wire from the sandbox."""

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from connectors.contract import AccessRefused, ByHand, Helpdesk, TryLater, UnexpectedReply
from connectors.salesforce.client import connect
from connectors.salesforce.settings import ClientCredentials, JWTBearer
from connectors.transport import Exchange
from tests.connectors.salesforce_world import (
    CASE_ONE,
    COMPOSITE,
    ORG,
    START,
    SalesforceWorld,
    a_case,
    all_pages,
    an_update,
    ref,
)

TODAY = date(2026, 11, 2)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()


def certificate(ends_at: datetime) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "makewhole")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key())
    dated = builder.serial_number(1).not_valid_before(ends_at - timedelta(days=400)).not_valid_after(ends_at)
    return dated.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


CERTIFICATE = certificate(datetime(2027, 6, 1, tzinfo=UTC))


def jwt(**changed: Any) -> JWTBearer:
    given = {"consumer_key": "sandbox-consumer-key", "username": "makewhole@harbor.example", "private_key": PRIVATE}
    return JWTBearer(**{**given, **changed})


def test_the_connector_is_a_helpdesk(salesforce: SalesforceWorld) -> None:
    helpdesk: Helpdesk = connect(salesforce.settings())

    assert (helpdesk.vendor, helpdesk.account) == ("salesforce", "harbor")
    assert "order_id" in helpdesk.field_names
    assert helpdesk.budget() is None
    assert helpdesk.renew_webhooks(now=datetime(2026, 11, 2, tzinfo=UTC)) == 0


def test_a_signed_assertion_lets_us_in(salesforce: SalesforceWorld) -> None:
    salesforce.load(a_case())
    salesforce.control("certificates", {"client_id": "sandbox-consumer-key", "pem": CERTIFICATE})

    assert salesforce.connect(auth=jwt()).read(ref()) is not None


@pytest.mark.parametrize(
    ("auth", "said"),
    [
        (ClientCredentials(consumer_key="sandbox-consumer-key", consumer_secret="hunter2"), "invalid_client"),
        (ClientCredentials(consumer_key="other", consumer_secret="hunter2"), "invalid_client"),
        (jwt(username="nobody@harbor.example"), "400 invalid_grant"),
        (jwt(audience="https://elsewhere.example"), "400 invalid_grant"),
        (jwt(private_key="hunter2"), "no RSA key in PEM"),
    ],
)
def test_wrong_credentials_are_refused_once_and_never_shown(
    salesforce: SalesforceWorld, auth: ClientCredentials | JWTBearer, said: str
) -> None:
    salesforce.control("certificates", {"client_id": "sandbox-consumer-key", "pem": CERTIFICATE})
    seen: list[Exchange] = []

    with pytest.raises(AccessRefused, match=said) as refused:
        salesforce.connect(seen.append, auth=auth).read(ref())

    assert "hunter2" not in f"{refused.value} {auth!r} {salesforce.settings(auth=auth)!r}"
    assert len([each for each in seen if each.method == "POST"]) <= 1


def test_an_expired_token_is_renewed_once_and_the_write_is_done_once(salesforce: SalesforceWorld) -> None:
    salesforce.load(a_case())
    source = salesforce.connect()
    assert source.read(ref()) is not None
    salesforce.clock.pass_seconds(3 * 3600)
    salesforce.set(token_life_seconds=7200)

    assert source.write(an_update()) is True

    assert len(salesforce.notes()) == 1
    assert salesforce.state()["tokens_given"] == 2


def test_a_session_that_is_ended_twice_in_a_row_is_renewed_twice_and_the_write_is_done_once(
    salesforce: SalesforceWorld,
) -> None:
    salesforce.load(a_case())
    source = salesforce.connect()
    salesforce.fault("expired_token", COMPOSITE, times=2)

    assert source.write(an_update()) is True

    assert len(salesforce.notes()) == 1
    assert salesforce.state()["tokens_given"] == 3


def test_a_token_that_is_never_good_is_no_loop_of_logins(salesforce: SalesforceWorld) -> None:
    salesforce.load(a_case())
    salesforce.fault("expired_token")

    with pytest.raises(AccessRefused, match="a token made just now is refused"):
        salesforce.connect().read(ref())

    assert salesforce.state()["tokens_given"] == 3


def test_threads_share_one_token(salesforce: SalesforceWorld) -> None:
    salesforce.load(a_case())
    source = salesforce.connect()
    read: list[object] = []

    threads = [threading.Thread(target=lambda: read.append(source.read(ref()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(read) == 8
    assert None not in read
    assert salesforce.state()["tokens_given"] == 1


def test_the_token_of_another_org_is_not_used(salesforce: SalesforceWorld) -> None:
    with pytest.raises(UnexpectedReply, match=r"for harbor.my.salesforce.com, not port.my.salesforce.com"):
        salesforce.connect(host="port.my.salesforce.com").read(ref())


def test_a_login_that_does_not_answer_did_nothing(salesforce: SalesforceWorld) -> None:
    salesforce.fault("dropped_before", "POST /services/oauth2/token")

    with pytest.raises(TryLater) as later:
        salesforce.connect().write(an_update())

    assert later.value.done is False


def found(salesforce: SalesforceWorld, **changed: Any) -> dict[str, tuple[str, str | None]]:
    checks = salesforce.connect(**changed).checks(today=TODAY)
    return {check.name: (check.found, check.fix) for check in checks}


def test_all_is_well(salesforce: SalesforceWorld) -> None:
    salesforce.load(a_case())

    checks = found(salesforce)

    assert list(checks) == ["credentials", "identity", "limits", "fields", "export", "webhooks"]
    assert {fix for _, fix in checks.values()} == {None}
    assert checks["identity"][0] == f"makewhole@harbor.example in org {ORG}"
    assert checks["export"][0] == "Case 00001001 with 0 comments; its customer has a customer number"


@pytest.mark.parametrize(
    ("changed", "name", "said", "fix"),
    [
        (
            {"fields": (("order_id", "Order_Number__c"),)},
            "fields",
            "hidden from us: Case.Order_Number__c",
            "Read Access",
        ),
        ({"customer_field": "Client__c"}, "fields", "Contact.Client__c, Account.Client__c", "make these fields"),
        ({"fields": (("mw_state", "Claimed_Amount__c"),)}, "fields", "type double, mw_state needs text", "text fields"),
        ({"mark_field": "MW_Currency__c"}, "fields", "MW_Currency__c must be text of 80", "Edit Access"),
        ({"organization_id": "00D000000000000"}, "identity", ORG, "set the right one"),
        ({"organization_id": ""}, "identity", ORG, f"set organization_id to {ORG}"),
        ({"path_secrets": ()}, "webhooks", "no program", "set a path secret"),
        ({"share_left": 0.999999}, "limits", "of 100000", "polling waits"),
        (
            {"auth": ClientCredentials(consumer_key="x", consumer_secret="y")},
            "identity",
            "gives no token",
            "credentials",
        ),
    ],
)
def test_a_fault_is_named_with_its_fix(
    salesforce: SalesforceWorld, changed: dict[str, Any], name: str, said: str, fix: str
) -> None:
    salesforce.load(a_case())

    check = found(salesforce, **changed)[name]

    assert said in check[0]
    assert fix in str(check[1])


@pytest.mark.parametrize(("days", "urgent", "fix"), [(200, False, False), (10, False, True), (-1, True, True)])
def test_a_certificate_that_ends_is_told_before(
    salesforce: SalesforceWorld, days: int, *, urgent: bool, fix: bool
) -> None:
    ends_at = datetime(2026, 11, 2, tzinfo=UTC) + timedelta(days=days)

    check = salesforce.connect(auth=jwt(certificate=certificate(ends_at))).checks(today=TODAY)[0]

    assert f"({days} days)" in check.found
    assert (check.urgent, check.fix is not None) == (urgent, fix)


def test_map_shows_fields_with_values_but_no_words_of_customers(salesforce: SalesforceWorld) -> None:
    salesforce.load(a_case())

    fields = {field.id: field for field in salesforce.connect().fields_found()}

    assert (fields["Order_Id__c"].name, fields["Order_Id__c"].sample) == ("order_id", "A-20931")
    assert fields["Claimed_Amount__c"].sample == "12.5"
    assert fields["Status"].sample == "Working"
    assert fields["Description"].sample is None
    assert fields["MW_State__c"].problem is None


def test_webhooks_are_made_by_hand_and_the_steps_are_said(salesforce: SalesforceWorld) -> None:
    source = salesforce.connect()

    with pytest.raises(ByHand) as install:
        source.install_webhook("https://bot.harbor.example/webhooks/salesforce/harbor", secret="knock-knock")
    with pytest.raises(ByHand, match="path secrets"):
        source.rotate_webhook("", secret="new")
    with pytest.raises(ByHand, match="Delivery Status"):
        source.webhooks()

    assert "Endpoint URL: https://bot.harbor.example/webhooks/salesforce/harbor/knock-knock" in install.value.steps


def test_a_whole_backfill_costs_less_than_half_a_call_per_thousand(salesforce: SalesforceWorld) -> None:
    salesforce.load(*(a_case(number, CreatedDate="2026-11-01T10:00:00Z") for number in range(1, 7_501)))
    seen: list[Exchange] = []

    pages = all_pages(salesforce.connect(seen.append))

    assert len({ticket.ref.key for page in pages for ticket in page.tickets}) == 7_500
    assert CASE_ONE in {ticket.ref.key for page in pages for ticket in page.tickets}
    paging = [each for each in seen if each.path.endswith("/results")]
    assert len(paging) / 7.5 < 0.5
    assert len(seen) == 2 + 2 + len(paging) + 1  # Token and count; the job made and seen; one poll.
    assert pages[0].tickets == ()
    assert pages[1].tickets[0].created_at > START
