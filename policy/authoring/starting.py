"""Templates a manager begins a policy with: policies that load as they are, commented line by line."""

import re
from dataclasses import dataclass
from pathlib import Path

from policy.mistakes import did_you_mean

_FOLDER = Path(__file__).parent / "starters"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)
_MOST_CHARACTERS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One template.

    Fields:
        name: "delay-tiers".
        about: What it is for: the first comment of its text.
        text: A whole policy, called "template".
    """

    name: str
    about: str
    text: str


def templates() -> tuple[Template, ...]:
    """Return the templates, by name."""
    texts = [(path.stem, path.read_text(encoding="utf-8")) for path in sorted(_FOLDER.glob("*.yaml"))]
    return tuple(Template(name=name, about=text.partition("\n")[0].lstrip("# "), text=text) for name, text in texts)


def begun(name: str, start: str) -> str:
    """Return a new policy's text with its name and topic; raises ValueError for a name or template that is none."""
    if not _NAME.fullmatch(name) or len(name) > _MOST_CHARACTERS:
        raise ValueError(f'"{name[:60]}" cannot be a name: use small letters, digits and -, as in parcel-late')
    known = {each.name: each for each in templates()}
    if start not in known:
        raise ValueError(f'"{start[:60]}" is no template: {did_you_mean(start, known)}')
    text = known[start].text.replace("policy: template\n", f"policy: {name}\n", 1)
    return text.replace("topics: [template]", f"topics: [{name.replace('-', '_')}]", 1)
