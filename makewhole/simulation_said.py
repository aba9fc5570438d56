"""What `makewhole policy simulate --json` prints."""

from typing import Any

from policy.form import Policy
from reports.budgets import Shared
from reports.figures import Cut, Figures
from reports.paying import Paying
from reports.simulating import Simulation


def said(simulation: Simulation, figures: Figures, *, source: str) -> dict[str, Any]:
    """Return everything that a simulation found; amounts are text in whole units."""
    return {
        "a": _version_said(simulation.a.policy),
        "b": _version_said(simulation.b.policy),
        "source": source,
        "cases": figures.cases,
        "totals": [
            {"asset": each.asset, "a": each.a.text(), "b": each.b.text(), "cases": [each.cases_a, each.cases_b]}
            for each in figures.totals
        ],
        "classifications": [{"a": a, "b": b, "cases": count} for a, b, count in figures.classifications],
        "changes": [
            {
                "asset": each.asset,
                "winners": each.winners,
                "more": each.more.text(),
                "losers": each.losers,
                "less": each.less.text(),
                "same": each.same,
            }
            for each in figures.movements
        ],
        "unpaid": figures.unpaid,
        "two_assets": figures.two_assets,
        **_changes(figures),
        "people": [{"people": number, "a": a, "b": b} for number, a, b in figures.people],
        "roles": [{"roles": roles, "a": a, "b": b} for roles, a, b in figures.roles],
        "rolling": [{"changed": side.rolled.changed} for side in (simulation.a, simulation.b)],
        "paying": _paying_said(figures.paying),
        "budgets": [
            _budget_said(side.budget, cuts)
            for side, cuts in zip((simulation.a, simulation.b), figures.cuts, strict=True)
        ],
        "undecided": simulation.undecided,
        "reasons": [{"version": v, "why": why, "cases": count} for v, why, count in simulation.reasons],
        "examples": [{"case": each.place, "why": each.why} for each in simulation.examples],
        "bad": [{"place": each.place, "why": each.why} for each in simulation.bad],
    }


def _changes(figures: Figures) -> dict[str, Any]:
    return {
        "bands": [
            {
                "asset": each.asset,
                "sign": each.sign,
                "over": each.over.text(),
                "up_to": each.up_to.text(),
                "cases": each.count,
                "sum": each.sum.text(),
            }
            for each in figures.bands
        ],
        "movers": [
            {
                "case": each.case_id,
                "customer": each.customer_id,
                "asset": each.change.code,
                "a": each.amount_a and each.amount_a.text(),
                "b": each.amount_b and each.amount_b.text(),
                "change": each.change.text(),
                "rule_a": each.rule_a,
                "rule_b": each.rule_b,
            }
            for each in figures.movers
        ],
    }


def _version_said(policy: Policy) -> dict[str, Any]:
    return {"policy": policy.name, "version": policy.version, "file": policy.file, "sha256": policy.text_hash}


def _paying_said(paying: Paying) -> dict[str, Any]:
    return {
        "ways": [
            {"way": each.way, "asset": each.a.code, "a": each.a.text(), "b": each.b.text()} for each in paying.ways
        ],
        "cash": [
            {"month": each.month, "asset": each.a.code, "a": each.a.text(), "b": each.b.text()} for each in paying.cash
        ],
        "beside": [{"name": each.name, "a": f"{each.a:f}", "b": f"{each.b:f}"} for each in paying.beside],
    }


def _budget_said(shared: Shared | None, cuts: tuple[Cut, ...]) -> dict[str, Any] | None:
    if shared is None:
        return None
    return {
        "name": shared.budget.name,
        "asset": shared.budget.at_most.code,
        "at_most": shared.budget.at_most.text(),
        "asked": shared.asked.text(),
        "paid": shared.paid.text(),
        "cut": shared.cut,
        "cut_most": [
            {
                "case": each.case_id,
                "customer": each.customer_id,
                "asked": each.asked.text(),
                "gets": each.gets.text(),
            }
            for each in cuts
        ],
    }
