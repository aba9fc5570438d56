"""A policy as one page to read: what it decides, in tables, with its examples worked out again. No script."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from jinja2 import Template

from policy.authoring.cells import cell_place, flow_text, node_at
from policy.authoring.comments import comments_in
from policy.authoring.matrix import Band, Matrix, matrices_of
from policy.authoring.page_examples import examples_shown, together_shown
from policy.authoring.page_tables import decision_table, facts_of, settled_by, stages_said, wordings_of
from policy.authoring.page_words import words_in
from policy.authoring.sheet import Section, environment, sheet
from policy.authoring.to_sheets import Grid, sheets_of
from policy.loading import load_policy
from policy.mistakes import Mistakes
from policy.showing import in_words
from policy.yaml_text import Mapping as YamlMapping
from policy.yaml_text import Node, read_yaml

_FOLDER = Path(__file__).parent / "templates"


def page_of(
    text: str, file: str, *, language: str = "en", before: Sequence[Section] = (), after: Sequence[Section] = ()
) -> str:
    """Return the page of a policy's text as HTML, complete in itself.

    language: "en" or "zh", for headings and labels; both wordings are shown in either.
    before, after: What stands on the page beside the policy itself.
    Raises BadPolicy when the text does not load.
    """
    policy = load_policy(text, file)
    grids = {grid.title: grid for grid in sheets_of(read_yaml(text, file), comments_in(text, file))}
    words = words_in(language)
    body = _template().render(
        words=words,
        before=before,
        after=after,
        policy=policy,
        about=_cell(grids["Policy"], "about"),
        facts=facts_of(policy, grids["Policy"], words),
        decision=decision_table(policy, grids, words),
        inputs=[(name, _type_said(kind), usual, said) for name, kind, usual, said in grids["Inputs"].rows],
        worked_out=grids["Works out"],
        tables=grids.get("Tables"),
        settled=settled_by(policy, grids, words),
        matrices=[_shown(each, words) for each in matrices_of(policy)],
        matrix_rows=[(each.when.parts, stages_said(each.stages, words)) for each in policy.approvals],
        wordings=wordings_of(policy, words),
        examples=examples_shown(policy, grids, words),
        together=together_shown(policy, grids),
        in_words=in_words,
    )
    return sheet(f"{policy.name} {policy.version}", body, language=language)


def _type_said(kind: str) -> str:
    """Return a type as people read it; of a list "list of up to: 50; each: value: EUR, receipt: yes/no"."""
    listed = node_at(kind, cell_place("Inputs", 1, 2), Mistakes())
    if not isinstance(listed, YamlMapping):
        return kind
    return "; ".join(f"{key.text}: {_unbraced(value)}" for key, value in listed.entries)


def _unbraced(node: Node) -> str:
    return flow_text(node)[1:-1] if isinstance(node, YamlMapping) else flow_text(node)


def _cell(grid: Grid, field: str) -> str:
    return next((row[1] for row in grid.rows if row[0] == field), "")


def _shown(matrix: Matrix, words: Mapping[str, str]) -> Mapping[str, object]:
    """Return a grid in words: its bands, and each row with who must agree."""
    return {
        "asset": matrix.asset,
        "bands": [_band(band, words) for band in matrix.bands],
        "rows": [
            (
                " · ".join(words[in_words(each)] for each in names),
                [stages_said(stages, words) for stages in found],
            )
            for names, found in matrix.rows
        ],
    }


def _band(band: Band, words: Mapping[str, str]) -> str:
    start, end = band.start, band.end
    if end is None:
        if start == "0":
            return words["every amount"]
        return words["from" if band.with_start else "over"].format(start=start)
    if start == "0":
        return words["up to" if band.with_end else "under"].format(end=end)
    left = words["from word" if band.with_start else "over word"]
    right = words["up to word" if band.with_end else "under word"]
    return words["between"].format(left=left, start=start, right=right, end=end)


@cache
def _template() -> Template:
    return environment(_FOLDER).get_template("policy.html")
