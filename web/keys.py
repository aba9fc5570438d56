"""The addresses of our pages. Each holds a key, an HMAC of what the page is about: nobody can guess one."""

import hashlib
import hmac

from store.policies import Version

KEY_CHARACTERS = 32
TEXT_CHARACTERS = 16


def case_key(secret: bytes, case_id: str) -> str:
    """Return what opens the page of a case: `/cases/CASE-4711?key=…`."""
    return _key(secret, case_id)


def case_path(secret: bytes, case_id: str) -> str:
    """Return the address of a case's page below our own."""
    return f"/cases/{case_id}?key={case_key(secret, case_id)}"


def policy_key(secret: bytes, name: str, version: str, text: str) -> str:
    """Return what opens the page of one text of a policy; `text` is the beginning of its hash."""
    return _key(secret, f"policy/{name}/{version}/{text}")


def policy_path(secret: bytes, version: Version, *, language: str = "en") -> str:
    """Return the address of the page of the text that a version has now, below our own; it opens no other text."""
    text = version.text_hash[:TEXT_CHARACTERS]
    key = policy_key(secret, version.name, version.version, text)
    return f"/policies/{version.name}/{version.version}/{text}?key={key}&lang={language}"


def fits(key: str, given: str) -> bool:
    """Whether this is the key, compared in constant time."""
    return hmac.compare_digest(key.encode(), given.encode())


def _key(secret: bytes, about: str) -> str:
    return hmac.new(secret, about.encode(), hashlib.sha256).hexdigest()[:KEY_CHARACTERS]
