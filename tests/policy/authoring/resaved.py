"""`python -m tests.policy.authoring.resaved`: every shipped policy through LibreOffice, as a workbook and as .ods.

It opens each workbook, saves it as its own, and once more by way of .ods; what comes back must be the same text.
Exit code 1 when one does not come back, 2 where no LibreOffice (`soffice`) is installed.
"""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from policy.authoring.converting import BadWorkbook, text_of, workbook_of
from tests.policy.authoring.conftest import SHIPPED

_WAIT_SECONDS = 600


def main() -> int:
    """Return the exit code, after a line for each policy that did not come back."""
    program = shutil.which("soffice")
    if program is None:
        print("install LibreOffice Calc first: no soffice is on the path")
        return 2
    with TemporaryDirectory() as folder:
        ours = [_written(each, number, Path(folder)) for number, each in enumerate(SHIPPED)]
        theirs = _saved(program, ours, "xlsx", Path(folder) / "direct")
        by_way = _saved(program, _saved(program, ours, "ods", Path(folder) / "ods"), "xlsx", Path(folder) / "by way")
        lost = [
            f"{policy.name}: {said}"
            for found in (theirs, by_way)
            for policy, before, after in zip(SHIPPED, ours, found, strict=True)
            if (said := _lost(before, after))
        ]
    print(*lost, sep="\n", end="\n" if lost else "")
    print(f"{len(SHIPPED)} policies as .xlsx and by way of .ods: {len(lost)} did not come back")
    return int(bool(lost))


def _written(policy: Path, number: int, folder: Path) -> Path:
    made = folder / f"{number}-{policy.stem}.xlsx"
    made.write_bytes(workbook_of(policy.read_text(encoding="utf-8"), policy.name))
    return made


def _saved(program: str, files: Sequence[Path], kind: str, folder: Path) -> list[Path]:
    """Let LibreOffice open files and save them in a folder; raises CalledProcessError and TimeoutExpired."""
    own = f"-env:UserInstallation={(folder.parent / 'settings').as_uri()}"
    command = [program, own, "--headless", "--convert-to", kind, "--outdir", str(folder), *map(str, files)]
    subprocess.run(command, check=True, capture_output=True, timeout=_WAIT_SECONDS)
    return [folder / f"{each.stem}.{kind}" for each in files]


def _lost(before: Path, after: Path) -> str:
    """Return what is wrong with a workbook that came back; "" when it says the same."""
    try:
        same = text_of(after.read_bytes(), after.name) == text_of(before.read_bytes(), before.name)
    except BadWorkbook as problem:
        return str(problem)
    return "" if same else "it says something else"


if __name__ == "__main__":
    sys.exit(main())
