"""A manager takes a policy to Excel and back, reads it as a page, and begins one; no file is lost on the way."""

from collections.abc import Callable
from pathlib import Path

from makewhole.sandboxed import CONFIG
from policy.authoring.to_sheets import sheets_of
from policy.authoring.workbook_writing import write_workbook
from policy.loading import load_policy
from policy.yaml_text import read_yaml
from tests.makewhole.conftest import Told

DELAYED = CONFIG / "policies" / "delayed-withdrawal.yaml"
PEOPLE = CONFIG / "people.yaml"
Cli = Callable[..., Told]


def test_a_policy_goes_to_excel_and_back(cli: Cli, tmp_path: Path) -> None:
    workbook, back = tmp_path / "delay.xlsx", tmp_path / "delay.yaml"

    out = cli("policy", "export", DELAYED, workbook)
    home = cli("policy", "import", workbook, back, "--people", PEOPLE)

    assert (out.code, out.out, home.code, home.out) == (0, f"Written: {workbook}\n", 0, f"Written: {back}\n")
    text = back.read_text(encoding="utf-8")
    assert len(load_policy(text, "delay.yaml").examples) == 17
    assert text.startswith("# Goodwill for withdrawals that our own platform delayed.\npolicy: delayed-withdrawal\n")


def test_a_workbook_with_a_mistake_writes_nothing(cli: Cli, tmp_path: Path) -> None:
    text = DELAYED.read_text(encoding="utf-8").replace("2 to under 6 hours", "2 to under 6 huors")
    workbook, file = tmp_path / "delay.xlsx", tmp_path / "delay.yaml"
    started = load_policy(DELAYED.read_text(encoding="utf-8"), "delay.yaml").effective.start
    workbook.write_bytes(write_workbook(sheets_of(read_yaml(text, "delay.yaml"), ()), started))

    told = cli("policy", "import", workbook, file)

    assert told.code == 1
    assert told.out.startswith('Rules!C3, character 14: "huors" cannot stand here')
    assert not file.exists()


def test_a_program_reads_what_was_written_and_what_is_wrong(cli: Cli, tmp_path: Path) -> None:
    workbook, page = tmp_path / "delay.xlsx", tmp_path / "delay.html"

    assert cli("policy", "export", DELAYED, workbook, "--json").json["written"] == str(workbook)
    assert cli("policy", "page", DELAYED, "-o", page, "--json").json["written"] == str(page)
    assert cli("policy", "new", "--list", "--json").json["templates"][0].keys() == {"name", "about"}
    wrong = cli("policy", "import", page, tmp_path / "back.yaml", "--json")
    assert (wrong.code, wrong.json["written"], len(wrong.json["mistakes"])) == (1, None, 1)


def test_no_file_is_written_over_unless_asked(cli: Cli, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text("mine", encoding="utf-8")
    ways = [("export", DELAYED, kept), ("page", DELAYED, "-o", kept)]

    codes = [(cli("policy", *way).code, kept.read_text(encoding="utf-8")) for way in ways]
    forced = cli("policy", "page", DELAYED, "-o", kept, "--force", "--lang", "zh")

    assert codes == [(2, "mine"), (2, "mine")]
    assert forced.code == 0
    assert kept.read_text(encoding="utf-8").startswith('<!doctype html>\n<html lang="zh-Hans">')


def test_a_policy_is_begun_from_a_template(cli: Cli, tmp_path: Path) -> None:
    begun = cli("policy", "new", "parcel-late", "--from", "delay-tiers", "--folder", tmp_path)
    again = cli("policy", "new", "parcel-late", "--folder", tmp_path)
    checked = cli("policy", "check", tmp_path, "--people", PEOPLE, "--json")

    assert (begun.code, again.code, checked.code) == (0, 2, 0)
    assert checked.json["policies"][0]["policy"] == "parcel-late 1"


def test_what_cannot_be_used_is_said(cli: Cli, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("policy: x\n", encoding="utf-8")
    no_workbook = tmp_path / "no.xlsx"
    no_workbook.write_bytes(b"no")

    codes = {
        "a policy that does not load": cli("policy", "export", broken, tmp_path / "x.xlsx").code,
        "no workbook": cli("policy", "import", no_workbook, tmp_path / "x.yaml").code,
        "no file": cli("policy", "import", tmp_path / "gone.xlsx", tmp_path / "x.yaml").code,
        "a language that is none": cli("policy", "page", DELAYED, "-o", tmp_path / "x.html", "--lang", "de").code,
        "a template that is none": cli("policy", "new", "x", "--from", "y", "--folder", tmp_path).code,
        "a name that is none": cli("policy", "new", "../x", "--folder", tmp_path).code,
        "no name": cli("policy", "new").code,
    }

    assert codes == {
        "a policy that does not load": 3,
        "no workbook": 1,
        "no file": 3,
        "a language that is none": 2,
        "a template that is none": 2,
        "a name that is none": 2,
        "no name": 2,
    }
    assert sorted(each.name for each in tmp_path.iterdir()) == ["broken.yaml", "no.xlsx"]
