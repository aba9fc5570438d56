"""What somebody may mean by a type that there is none of."""

import re

from policy.mistakes import did_you_mean

KINDS = (
    "a type: number, whole number, share, yes/no, time, date, text, hours, money, USDT, quantity OKB, rate JPY per XEM,"
    ' prices USDT per OKB, or "one of [a, b]"'
)
_TYPES = ("number", "whole number", "share", "yes/no", "time", "date", "text", "money", "minutes", "hours", "days")
#: What types are called elsewhere.
_CALLED = {
    "datetime": "time",
    "timestamp": "time",
    "moment": "time",
    "calendar day": "date",
    "bool": "yes/no",
    "boolean": "yes/no",
    "yes or no": "yes/no",
    "int": "whole number",
    "integer": "whole number",
    "float": "number",
    "decimal": "number",
    "string": "text",
    "amount": "money",
    "enum": "one of [a, b]",
    "choice": "one of [a, b]",
}
_SHARE = re.compile(r"(?:share|percent|percentage|%)(?:(?: (?:a|an|per|each|every)|/) ?(day|month|year|annum))?s?")


def type_meant(text: str, error: str) -> str:
    """Return what to write instead of a type that is none; error: what is wrong with it as a unit."""
    share = _SHARE.fullmatch(text)
    if share:
        per = (share.group(1) or "").replace("annum", "year")
        return f'did you mean "{f"share per {per}" if per else "share"}"?'
    if text in _CALLED:
        return f'did you mean "{_CALLED[text]}"?'
    if text.startswith("share"):
        return "write share, share per day, share per month or share per year"
    if text.startswith("list"):
        return 'write a list as "list of up to: 50" with "each:" and its fields'
    near = did_you_mean(text, _TYPES, otherwise="-")
    return near if near != "-" else f"{error}; or write {KINDS}"
