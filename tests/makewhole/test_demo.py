"""`make demo` on PostgreSQL: a day with faults, a kill and a restart, and at its end all books agree.

On SQLite it is played by tests/house/test_demo.py.
"""

import json
import subprocess
import sys

import pytest

from makewhole.sandboxed import CONFIG

COUNTS = ("tickets", "cases", "proposed", "approved", "declined", "needs_attention", "paid", "written_back")


@pytest.mark.demo
@pytest.mark.postgres
@pytest.mark.timeout(300)
@pytest.mark.parametrize("store_url", ["postgres"], indirect=True)
def test_the_day_ends_with_nothing_missing_or_doubled(store_url: str) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "makewhole", "demo", "--json", "--database", store_url],
        capture_output=True,
        text=True,
        check=False,
        cwd=CONFIG.parent,
        timeout=280,
    )

    assert told.returncode == 0, f"{told.stdout[-4000:]}\n{told.stderr[-4000:]}"
    day = json.loads(told.stdout)
    assert {"schema", *COUNTS, "provider_payments", "doubled", "lost", "ledger_sum", "audit"} <= day.keys()
    assert (day["schema"], day["doubled"], day["lost"], day["audit"], day["problems"]) == (1, 0, 0, "ok", [])
    assert set(day["ledger_sum"].values()) == {"0"}
    assert "USDT" in day["ledger_sum"]
    assert day["tickets"] >= 120
    assert all(day[name] > 0 for name in COUNTS)
    assert day["provider_payments"] == day["paid"]
