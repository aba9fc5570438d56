"""Our pages as they are written for a policy that changes, in both languages: the policy, its change, a simulation."""

from collections.abc import Mapping
from pathlib import Path

from policy.authoring.page import page_of
from policy.loading import read_policy
from reports import differences
from reports.case_files import read_cases_file
from reports.changes_page import changes_page
from reports.differences import Side
from reports.figures import figures_of
from reports.page import page_of as simulation_page
from reports.simulating import simulate
from reports.words import Language

POLICY = Path(__file__).parents[2] / "config" / "policies" / "delayed-withdrawal.yaml"
CASES = """case_id,customer_id,at,delay_cause,hours_late,value_usdt,fraud_score,sanctions_hit
A-1,C-1,2026-07-01T09:00:00Z,platform,7.5,1000,12,no
A-2,C-1,2026-07-09T09:00:00Z,platform,80,90000,12,no
A-3,C-1,2026-08-02T09:00:00Z,platform,80,90000.5,12,no
A-4,C-2,2026-08-03T09:00:00Z,platform,2.5,700,3,no
A-5,C-3,2026-08-04T09:00:00Z,chain,30,700,3,no
A-6,C-4,2026-08-05T09:00:00Z,platform,30,700,84,no
A-7,C-5,2026-08-06T09:00:00Z,platform,soon,700,3,no
"""
CHANGES = (
    ("version: 1", "version: 2"),
    ("15 USDT", "20 USDT"),
    ("under 2 hours", "under 3 hours"),
    ("2 to under 6", "3 to under 6"),
    ("at most: 600", "at most: 400"),
)
LANGUAGES: tuple[Language, ...] = ("en", "zh")


def written(folder: Path) -> Mapping[str, Path]:
    """Write every kind of page into a folder and return them by name: {"policy.en": …}."""
    old = POLICY.read_text(encoding="utf-8")
    new = old
    for was, now in CHANGES:
        new = new.replace(was, now)
    before = Side(text=old, policy=read_policy(old, POLICY.name))
    after = Side(text=new, policy=read_policy(new, "draft.yaml"))
    (folder / "cases.csv").write_text(CASES, encoding="utf-8")
    simulation = simulate(before.policy, after.policy, read_cases_file(folder / "cases.csv"))
    figures, changes = figures_of(simulation), differences.differences(before, after)
    pages: dict[str, Path] = {}
    for language in LANGUAGES:
        made = {
            "policy": page_of(old, POLICY.name, language=language),
            "changes": changes_page(changes, language=language),
            "simulation": simulation_page(simulation, figures, language=language, source="cases.csv"),
        }
        for name, page in made.items():
            pages[f"{name}.{language}"] = folder / f"{name}.{language}.html"
            pages[f"{name}.{language}"].write_text(page, encoding="utf-8")
    return pages
