"""What is printed is what was written."""

import pytest

from makewhole.printing import aside, table, to_people


def test_a_place_in_a_file_is_no_emoji(capsys: pytest.CaptureFixture[str]) -> None:
    for console in (to_people(), aside()):
        console.print("outage.yaml:100:5: write it", markup=False)
    to_people().print(table(["Place"], [["outage.yaml:100:5: a line"]]))

    out, err = capsys.readouterr()
    assert out.count("outage.yaml:100:5:") == 2
    assert "outage.yaml:100:5:" in err
