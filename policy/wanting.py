"""What may be wanting, in expressions: asked for with "is given", or with what stands for it after "or"."""

from collections.abc import Iterator, Mapping, Sequence

from lark import Tree

from policy.expressions import Every, Given, Node
from policy.mistakes import did_you_mean
from policy.trees import Branch, spelled, start_of, wrong
from policy.units import ChoiceType, DateType, NumberType, OptionalType, TextType, TimeType, Type

HOW = 'write "({0} or ...)", with what stands for it where it is not given, or ask "{0} is given" before'
_JOINED = frozenset({"plain_sum", "signed_sum", "product", "share", "compared", "fits", "fits_not", "both", "negation"})


def may_be_wanting(first: Branch, types: Mapping[str, Type]) -> bool:
    """Say whether what stands before "or" is the name of something that may be wanting.

    Raises NotUnderstood for the name of what is always there and no yes or no.
    """
    kind = types.get(spelled(first)) if first.data == "words" else None
    if isinstance(kind, NumberType | TimeType | DateType | TextType | ChoiceType):
        raise wrong(first, f'"{spelled(first)}" is always given here: leave out "or" and what follows')
    return isinstance(kind, OptionalType)


def narrowed(types: Mapping[str, Type], tests: Sequence[Node]) -> Mapping[str, Type]:
    """Return the types of names where all tests hold: what they ask for is not wanting there."""
    asked = {name for test in tests for name in _asked(test)}
    given = {name: kind.of for name in asked if isinstance(kind := types.get(name), OptionalType)}
    return {**types, **given} if given else types


def _asked(test: Node) -> Iterator[str]:
    """Yield the names that are given wherever a test holds."""
    match test:
        case Given(name=name):
            yield name
        case Every(parts=parts):
            for part in parts:
                yield from _asked(part)


def asks(subject: Branch, cell: Branch, types: Mapping[str, Type]) -> bool:
    """Say whether a test asks "is given"; a closed list may have that word among its own."""
    word = cell.children[0] if cell.data == "exactly" else None
    if subject.data != "words" or not isinstance(word, Tree) or word.data != "words" or spelled(word) != "given":
        return False
    kind = types.get(spelled(subject))
    return kind is not None and not (isinstance(kind, ChoiceType) and "given" in kind.options)


def asked_for(tree: Branch, types: Mapping[str, Type]) -> Type:
    """Return the type of something that may be wanting, where it is given; raises NotUnderstood for anything else."""
    name = spelled(tree)
    kind = types.get(name)
    if isinstance(kind, OptionalType):
        return kind.of
    if kind is None:
        raise wrong(tree, f'"{name}" is not declared: {did_you_mean(name, types)}')
    raise wrong(tree, f'"{name}" is always given: declare it as "optional ..." where it may be wanting')


def instead(first: Branch, others: Sequence[Branch], text: str) -> Branch:
    """Return what stands for a name that is wanting: one value, or anything in brackets; raises NotUnderstood."""
    other = others[0]
    bare = other.data in _JOINED and not text[: start_of(other)].rstrip().endswith("(")
    if len(others) > 1 or bare:
        raise wrong(other, f'put brackets around what stands for it: "{spelled(first)} or (...)"')
    return other
