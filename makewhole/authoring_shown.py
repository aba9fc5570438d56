"""`makewhole policy export`, `import`, `page`, `new`: files in, files out, never one written over by accident."""

from pathlib import Path

from config.mistakes import BadSettings
from config.people import load_people
from makewhole.printing import print_json, table, to_people
from makewhole.trouble import Unusable, WrongUsage
from policy.authoring.converting import BadWorkbook, text_of, workbook_of
from policy.authoring.page import page_of
from policy.authoring.page_words import LANGUAGES
from policy.authoring.starting import begun, templates
from policy.book import read_policy_file
from policy.mistakes import BadPolicy


def export(file: Path, workbook: Path, *, force: bool, as_json: bool = False) -> int:
    """Write a policy as a workbook."""
    try:
        made = workbook_of(read_policy_file(file), file.name)
    except BadPolicy as problem:
        raise Unusable(str(problem)) from None
    _write(workbook, made, force=force, as_json=as_json)
    return 0


def bring_in(workbook: Path, file: Path, *, people: Path | None, force: bool, as_json: bool = False) -> int:
    """Write a workbook as a policy's text; prints its mistakes and returns 1 when it has any."""
    try:
        known = load_people(people) if people else None
        text = text_of(workbook.read_bytes(), workbook.name, people=known)
    except BadWorkbook as problem:
        if as_json:
            print_json({"written": None, "mistakes": str(problem).splitlines()})
        else:
            to_people().print(str(problem), markup=False, soft_wrap=True)
        return 1
    except BadSettings as problem:
        raise Unusable(str(problem)) from None
    except OSError as problem:
        raise Unusable(f"{workbook}: cannot be read: {problem.strerror}") from None
    _write(file, text.encode(), force=force, as_json=as_json)
    return 0


def page(file: Path, output: Path, *, language: str, force: bool, as_json: bool = False) -> int:
    """Write a policy as a page to read."""
    if language not in LANGUAGES:
        raise WrongUsage(f"--lang {language}: write en or zh")
    try:
        made = page_of(read_policy_file(file), file.name, language=language)
    except BadPolicy as problem:
        raise Unusable(str(problem)) from None
    _write(output, made.encode(), force=force, as_json=as_json)
    return 0


def list_templates(*, as_json: bool = False) -> int:
    """Print the templates a policy may begin with."""
    if as_json:
        print_json({"templates": [{"name": each.name, "about": each.about} for each in templates()]})
        return 0
    rows = [(each.name, each.about) for each in templates()]
    to_people().print(table(["Template", "For"], rows))
    return 0


def begin(name: str | None, start: str, folder: Path, *, as_json: bool = False) -> int:
    """Write a new policy from a template."""
    if name is None:
        raise WrongUsage("name the policy: makewhole policy new parcel-late --from delay-tiers")
    try:
        text = begun(name, start)
    except ValueError as problem:
        raise WrongUsage(str(problem)) from None
    _write(folder / f"{name}.yaml", text.encode(), force=False, as_json=as_json)
    return 0


def _write(path: Path, data: bytes, *, force: bool, as_json: bool) -> None:
    try:
        with path.open("wb" if force else "xb") as file:
            file.write(data)
    except FileExistsError:
        raise WrongUsage(f"{path} is there already: name another file, or add --force to write over it") from None
    except OSError as problem:
        raise Unusable(f"{path}: cannot be written: {problem.strerror}") from None
    if as_json:
        print_json({"written": str(path), "mistakes": []})
    else:
        to_people().print(f"Written: {path}", markup=False, soft_wrap=True)
