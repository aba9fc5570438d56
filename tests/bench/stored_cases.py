"""How long a long history takes: a simulation reads every stored case, a proposal is set beside earlier decisions.

``python -m tests.bench.stored_cases [--cases 100000] [--json]`` fills an empty database of each kind with cases that
are paid or declined, each with its ticket, its evidence and its earlier decision, all made by a shipped policy. Reading
must take few queries and flat memory; the comparison must not get slower with the length of the history.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from os import getloadavg
from pathlib import Path
from random import Random
from typing import Any

import sqlalchemy as sa

from cases.case import About, Case, Closed, Declined, Paid
from cases.evidence import Evidence
from cases.loss import Loss, LossKind
from cases.proposal import CaseId, Proposal
from cases.ticket import CustomerId, Requester, Ticket, TicketRef, TicketStatus
from makewhole.simulated_cases import stored_cases
from policy.consistency import band_of, consistency, line_of
from policy.form import Policy
from policy.loading import read_policy
from policy.proposing import Claim, propose
from store import precedents, tables
from store.cases import CaseRepository
from store.database import create_engine
from store.records import CASE, EVIDENCE, TICKET, to_text
from tests.bench.webhooks import databases

POLICY = Path(__file__).resolve().parents[2] / "config" / "policies" / "delayed-withdrawal.yaml"
START = datetime(2026, 1, 1, tzinfo=UTC)
_TEMPLATES, _BATCH, _ASKED = 400, 5_000, 60
_ROWS = Iterator[tuple[dict[str, Any], ...]]


def main() -> int:
    """Fill and measure both databases."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    policy = read_policy(POLICY.read_text(encoding="utf-8"), POLICY.name)
    for name, url in databases():
        figures = measured(policy, url, asked.cases)
        if asked.json:
            sys.stdout.write(json.dumps({"schema": 1, "store": name, **figures, "load": getloadavg()[0]}) + "\n")
            continue
        print(f"{name}: {asked.cases:,} cases, filled in {figures['fill_seconds']:.0f} s; load {getloadavg()[0]:.1f}")
        print(f"  read for a simulation: {figures['read_seconds']:.1f} s, {figures['queries']} queries,", end="")
        print(f" {figures['memory_mib']:.0f} MiB more at the most")
        print(f"  a proposal beside earlier decisions: {figures['beside_ms']:.1f} ms; of it asking", end="")
        print(f" {figures['asking_ms']:.1f} ms; {figures['asking_few_ms']:.1f} ms with a hundredth of the history")
    return 0


def measured(policy: Policy, url: str, count: int) -> dict[str, float]:
    """Fill an empty database, at first with a hundredth of the cases, and return the figures."""
    engine, templates = create_engine(url), _templates(policy)
    begun = time.perf_counter()
    few = max(count // 100, 1)
    _fill(engine, templates, range(1, few + 1))
    filled = time.perf_counter() - begun
    asking_few, _ = _beside(engine, policy, templates)
    begun = time.perf_counter()
    _fill(engine, templates, range(few + 1, count + 1))
    filled += time.perf_counter() - begun
    asking, whole = _beside(engine, policy, templates)
    queries = 0

    def counted(*_: object) -> None:
        nonlocal queries
        queries += 1

    sa.event.listen(engine, "before_cursor_execute", counted)
    held, begun = _forget_peak(), time.perf_counter()
    with engine.connect().execution_options(makewhole_read_only=True) as connection:
        cases = stored_cases(connection, CaseRepository(audit_key=b""), (policy,))
    seconds, peak = time.perf_counter() - begun, _status("VmHWM")
    if cases.frame.height + len(cases.bad) != count:
        raise SystemExit("every case is read")
    engine.dispose()
    return {
        "fill_seconds": filled,
        "read_seconds": seconds,
        "queries": queries,
        "memory_mib": (peak - held) / 1024,
        "beside_ms": whole * 1000,
        "asking_ms": asking * 1000,
        "asking_few_ms": asking_few * 1000,
    }


def _beside(engine: sa.Engine, policy: Policy, templates: list[Proposal]) -> tuple[float, float]:
    """Return how long it takes to ask for earlier decisions, and that with the comparison; the middle of some."""
    asked, compared = [], []
    with engine.connect().execution_options(makewhole_read_only=True) as connection:
        for proposal in templates[:_ASKED]:
            begun = time.perf_counter()
            line, band = line_of(proposal), band_of(proposal.approvals)
            earlier = precedents.of_line(connection, line, band=band, besides=CaseId("CASE-999999999"))
            asked.append(time.perf_counter() - begun)
            consistency(policy, proposal, earlier)
            compared.append(time.perf_counter() - begun)
    return sorted(asked)[_ASKED // 2], sorted(compared)[_ASKED // 2]


def _templates(policy: Policy) -> list[Proposal]:
    """Return proposals of all kinds; always the same ones."""
    random = Random(1)  # noqa: S311  # Cases, no secrets.
    made = []
    for _ in range(_TEMPLATES):
        inputs = {
            "delay_cause": random.choice(("platform",) * 6 + ("chain", "customer")),
            "hours_late": f"{random.expovariate(1 / 20):.1f}",
            "value_usdt": f"{random.expovariate(1 / 4000):.2f}",
            "fraud_score": str(random.randrange(100)),
            "sanctions_hit": "no",
            "goodwill_paid_12_months": random.choice(("0", "0", "15", "40")),
        }
        claim = Claim(case_id=CaseId("CASE-1"), revision=1, payee=CustomerId("C-1"), inputs=tuple(inputs.items()))
        proposal = propose(policy, claim)
        if isinstance(proposal, Proposal):
            made.append(proposal)
    return made


def _fill(engine: sa.Engine, templates: list[Proposal], numbers: range) -> None:
    wanted = (tables.cases, tables.tickets, tables.ticket_cases, tables.evidence, tables.precedents)
    rows = (_rows(templates[number % len(templates)], number) for number in numbers)
    while batch := list(islice(rows, _BATCH)):
        with engine.begin() as connection:
            for place, table in enumerate(wanted):
                connection.execute(sa.insert(table), [row[place] for row in batch])


def _rows(template: Proposal, number: int) -> tuple[dict[str, Any], ...]:
    customer, ref = CustomerId(f"C-{number // 3}"), TicketRef(vendor="zendesk", account="harbor", key=str(number))
    at = START + timedelta(minutes=number)
    about = About(
        id=CaseId(f"CASE-{number}"),
        topic="delayed_withdrawal",
        loss=Loss(kind=LossKind.TRANSACTION, reference=f"W-{number}", customer_id=customer),
        customer_id=customer,
        tickets=(ref,),
        opened_at=at,
        revisions=1,
    )
    case = _case(about, replace(template, case_id=about.id, payee=customer), at)
    ticket = _ticket(ref, customer, number, at)
    evidence = Evidence(facts=template.inputs, source="account-data", as_of=at)
    return (
        {
            "number": number,
            "stage": case.stage,
            "version": 5,
            "loss_key": about.loss.key if about.loss else None,
            "customer_id": customer,
            "document": to_text(CASE, case),
            "updated_at": at,
        },
        {
            "ref": str(ref),
            "customer_id": customer,
            "status": ticket.status,
            "topic": about.topic,
            "document": to_text(TICKET, ticket),
            "raw": b"{}",
            "updated_at": at,
        },
        {"ref": str(ref), "case_number": number},
        {"case_number": number, "source": "account-data", "document": to_text(EVIDENCE, evidence), "read_at": at},
        _decision(template, number, at),
    )


def _decision(template: Proposal, number: int, at: datetime) -> dict[str, Any]:
    return {
        "case_number": number,
        "line": line_of(template),
        "band": band_of(template.approvals),
        "agreed": bool(template.amount),
        "minor": template.amount and template.amount.minor,
        "asset": template.amount and template.amount.code,
        "policy_version": template.policy_version,
        "inputs": json.dumps(template.inputs),
        "decided_at": at,
    }


def _ticket(ref: TicketRef, customer: CustomerId, number: int, at: datetime) -> Ticket:
    return Ticket(
        ref=ref,
        subject="Withdrawal late",
        description="My withdrawal has not arrived. " * 8,
        status=TicketStatus.CLOSED,
        status_text="closed",
        requester=Requester(id="1", name="Ann", email=None, customer_id=customer, locale="en-US"),
        handler_id="5001",
        tags=("compensation",),
        fields=(("compensation_topic", "delayed_withdrawal"), ("transaction_id", f"W-{number}")),
        comments=(),
        satisfaction=None,
        merged_into=None,
        created_at=at,
        updated_at=at,
    )


def _case(about: About, proposal: Proposal, at: datetime) -> Case:
    if proposal.amount is None:
        settled: Paid | Declined = Declined(about=about, proposal=proposal, decision=None)
    else:
        settled = Paid(
            about=about, proposal=proposal, approvals=(), amount=proposal.amount, reference="po_1", paid_at=at
        )
    return Closed(about=about, settled=settled, closed_at=at)


def _forget_peak() -> int:
    """Let the kernel forget the peak of this process; return what it holds now, in KiB."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _status("VmRSS")


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    sys.exit(main())
