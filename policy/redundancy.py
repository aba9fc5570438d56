"""Tests that add nothing: implied by others of the same line, always so, never so, or settled by the lines above."""

from collections.abc import Iterator, Sequence

from policy.expressions import Among, AnyOf, Compared, Condition, Every, Literal, Node
from policy.lines import Line, Reach
from policy.mistakes import Finding, Weight
from policy.regions import Box, TooMany, crossed, where_node, without
from policy.saying import said
from policy.showing import bare


def redundant(reach: Sequence[Reach], inside: Box) -> Iterator[Finding]:
    """Yield the tests that could be left out, line by line."""
    above: list[Box] = []
    for each in reach:
        try:
            yield from _in_line(each.line, inside)
            yield from _settled_above(each, above, inside)
        except TooMany:
            continue
        finally:
            above += each.proven


def alone(line: Line, inside: Box) -> Iterator[Finding]:
    """Yield the tests that could be left out of a line that stands for itself."""
    try:
        yield from _in_line(line, inside)
    except TooMany:
        return


def _in_line(line: Line, inside: Box) -> Iterator[Finding]:
    tests = [test for part in line.when.parts for test in _tests(part.node)]
    for test in tests:
        yield from _alternatives(line, test, [each for each in tests if each is not test], inside)
    for number, test in reversed(list(enumerate(tests))):
        others = tests[:number] + tests[number + 1 :]
        always = not _outside([], test, [inside])
        if always and not _half_of_a_range(line.when, test):
            yield _finding(line, test, "always holds")
            return
        implying = None if always else _implying(others, test, inside)
        if implying:
            yield _finding(line, test, f"holds wherever {' and '.join(map(said, implying))} does")
            return


def _implying(others: list[Node], test: Node, inside: Box) -> list[Node] | None:
    """Return the tests that together imply another, none of them needless; None when they do not."""
    if not others or not _all(others, inside) or _outside(others, test, [inside]):
        return None
    needed = others
    for each in others:
        fewer = [other for other in needed if other is not each]
        if not _outside(fewer, test, [inside]):
            needed = fewer
    return needed


def _settled_above(reach: Reach, above: list[Box], inside: Box) -> Iterator[Finding]:
    """Yield the tests, and values of lists, that the lines above settle for every case that gets so far."""
    line, parts = reach.line, [part.node for part in reach.line.when.parts]
    if not reach.left:
        return
    for number, test in enumerate(parts):
        others = parts[:number] + parts[number + 1 :]
        failing = crossed(_all(others, inside), where_node(test, holds=False, wide=True))
        if failing and not _minus(failing, above) and not _half_of_a_range(line.when, test):
            what = (
                f'{line.shown}: "{line.when.parts[number].text}" holds for every case that comes so far, by the lines'
                " above; it only repeats them"
            )
            code = "settled-above"
            yield Finding(place=line.place, what=what, code=code, about=line.about, weight=Weight.NOTE)
        if isinstance(test, Among):
            yield from _options_taken(line, test, reach.left)


def _options_taken(line: Line, test: Among, left: Sequence[Box]) -> Iterator[Finding]:
    coming = {value for box in left for value in _domain(box, test.subject)}
    for option in dict.fromkeys(test.options) if coming else ():
        if option not in coming:
            what = f'{line.shown}: "{bare(option)}" never comes here, the lines above take it: leave it out of the list'
            yield Finding(
                place=line.place,
                what=what,
                code="value-never-comes",
                about=f"{line.about}: {bare(option)}",
                weight=Weight.FINDING,
            )
    for option in sorted({each for each in test.options if test.options.count(each) > 1}, key=str):
        what = f'{line.shown}: "{bare(option)}" stands twice in the list: keep one'
        about = f"{line.about}: {bare(option)}"
        yield Finding(place=line.place, what=what, code="value-twice", about=about, weight=Weight.FINDING)


def _domain(box: Box, subject: Node) -> frozenset[object]:
    domain = box.get(subject)
    return domain if isinstance(domain, frozenset) else frozenset()


def _alternatives(line: Line, test: Node, others: list[Node], inside: Box) -> Iterator[Finding]:
    """Yield the parts of an "or" that can never hold, or hold only where another part does."""
    if not isinstance(test, AnyOf):
        return
    whole = _all(others, inside)
    for number, part in reversed(list(enumerate(test.parts))):
        here = crossed(whole, where_node(part, holds=True, wide=True))
        rest = [box for each in test.parts[:number] + test.parts[number + 1 :] for box in _proven(each)]
        if not here and whole:
            yield _finding(line, part, "can never hold here")
        elif here and not _minus(here, rest):
            yield _finding(line, part, "holds only where the rest of the “or” does")
            return


def _finding(line: Line, test: Node, why: str) -> Finding:
    return Finding(
        place=line.place,
        what=f'{line.shown}: the test "{said(test)}" {why}: remove it, or correct it',
        code="redundant-test",
        about=f"{line.about}: {said(test)}",
        weight=Weight.FINDING,
    )


def _tests(node: Node) -> list[Node]:
    """Return the tests that a part joins with "and", ranges taken apart."""
    return [each for part in node.parts for each in _tests(part)] if isinstance(node, Every) else [node]


def _half_of_a_range(when: Condition, test: Node) -> bool:
    """Say whether a test is one end of a range: "0 to 100" may say that it begins at 0."""
    if not isinstance(test, Compared) or not isinstance(test.right, Literal):
        return False
    ranges = [part.node for part in when.parts if isinstance(part.node, Every)]
    return any(test in each.parts and all(_same_subject(test, other) for other in each.parts) for each in ranges)


def _same_subject(one: Compared, other: Node) -> bool:
    return isinstance(other, Compared) and other.left == one.left


def _all(tests: Sequence[Node], inside: Box) -> list[Box]:
    boxes = [inside]
    for each in tests:
        boxes = crossed(boxes, where_node(each, holds=True, wide=True))
    return boxes


def _outside(tests: Sequence[Node], other: Node, boxes: list[Box]) -> list[Box]:
    """Return where all tests may hold and another one is not proven to."""
    for each in tests:
        boxes = crossed(boxes, where_node(each, holds=True, wide=True))
    return _minus(boxes, _proven(other))


def _proven(test: Node) -> list[Box]:
    return where_node(test, holds=True, wide=False)


def _minus(boxes: list[Box], taken: Sequence[Box]) -> list[Box]:
    for box in taken:
        boxes = without(boxes, box)
    return boxes
