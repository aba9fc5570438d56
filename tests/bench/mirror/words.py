"""Words that customers and engineers write, made by the number: the same for every run, and nearly never twice.

A record's text is put together from a few of 4,096 paragraphs. There are more combinations than records, so a
compressor with a dictionary finds what it finds in real tickets: the frame again and again, the words now and then.
"""

import json
import random

PARAGRAPHS = 4_096
SUBJECTS = 1_024
SCRAMBLE = 0x9E37_79B9_7F4A_7C15
_MASK = (1 << 64) - 1
_COMMON = [
    "the",
    "to",
    "and",
    "i",
    "of",
    "a",
    "my",
    "in",
    "is",
    "not",
    "it",
    "have",
    "was",
    "for",
    "on",
    "you",
    "this",
    "that",
    "with",
    "be",
    "are",
    "me",
    "from",
    "but",
    "as",
    "your",
    "has",
    "at",
    "been",
    "or",
    "still",
    "no",
    "when",
    "will",
    "they",
    "an",
    "can",
    "we",
    "so",
    "by",
    "if",
    "after",
    "what",
    "why",
    "would",
    "please",
]
_TOPICAL = [
    "withdrawal",
    "deposit",
    "order",
    "position",
    "transaction",
    "liquidated",
    "margin",
    "wallet",
    "network",
    "address",
    "fee",
    "spread",
    "price",
    "delay",
    "pending",
    "hash",
    "block",
    "confirmation",
    "exchange",
    "balance",
    "missing",
    "refund",
    "compensation",
    "support",
    "answer",
    "ticket",
    "hours",
    "days",
    "yesterday",
    "morning",
    "account",
    "verified",
    "identity",
    "bank",
    "transfer",
    "card",
    "payment",
    "charged",
    "twice",
    "rate",
    "market",
    "stop",
    "loss",
    "trigger",
    "filled",
    "partially",
    "cancelled",
    "closed",
    "opened",
    "leverage",
    "funding",
    "perpetual",
    "contract",
    "spot",
    "bitcoin",
    "ether",
    "tether",
    "dollar",
    "euro",
    "amount",
    "arrived",
    "received",
    "credited",
    "support",
    "agent",
    "promised",
    "reply",
    "waiting",
    "urgent",
    "unacceptable",
    "screenshot",
    "attached",
    "proof",
    "statement",
    "explorer",
    "link",
    "error",
    "message",
    "page",
    "loading",
    "app",
    "crashed",
    "login",
    "code",
    "email",
    "phone",
    "reset",
    "limit",
    "daily",
    "region",
    "maintenance",
    "outage",
    "incident",
    "announcement",
    "status",
    "system",
    "engine",
    "queue",
    "latency",
    "timeout",
    "database",
    "replica",
    "failover",
    "deploy",
    "release",
    "version",
    "rollback",
    "monitor",
    "alert",
    "threshold",
    "retry",
    "duplicate",
    "ledger",
    "entry",
    "posting",
    "settlement",
    "batch",
    "nightly",
    "job",
    "worker",
    "stuck",
    "blocked",
    "reviewed",
    "approved",
    "rejected",
    "escalated",
    "compliance",
    "risk",
    "desk",
    "team",
    "manager",
    "customer",
    "parcel",
    "courier",
    "warehouse",
    "delivery",
    "late",
    "damaged",
    "returned",
    "replaced",
    "voucher",
    "discount",
    "coupon",
    "invoice",
    "tax",
    "quantity",
    "size",
    "colour",
    "wrong",
    "item",
    "box",
    "label",
    "tracking",
    "number",
    "postcode",
    "street",
    "evening",
    "weekend",
    "holiday",
    "store",
]  # As above.
_CHINESE = (
    "我的提现已经超过二十四小时还没有到账，请尽快处理。",
    "链上显示交易已经确认，但是账户余额没有更新。",
    "系统在行情波动时无法登录，导致我的仓位被强制平仓。",
    "客服一直没有回复，我要求赔偿全部损失。",
    "订单价格与成交价格相差太大，请核实滑点。",
    "截图已经附上，请查看交易哈希和时间。",
)


def text(number: int, salt: int, *, paragraphs: int) -> bytes:
    """Return so many paragraphs as the inside of a JSON string, the same for the same number and salt."""
    value = mixed(number, salt)
    return rb"\n\n".join(_PARAGRAPHS[(value >> (12 * each)) % PARAGRAPHS] for each in range(paragraphs))


def subject(number: int, salt: int) -> bytes:
    """Return a line of six words or so as the inside of a JSON string."""
    return _SUBJECTS[mixed(number, salt) % SUBJECTS]


def mixed(number: int, salt: int) -> int:
    """Return 64 bits that look random, the same for the same number and salt."""
    value = ((number + 1) * SCRAMBLE + salt * 0xD1B5_4A32_D192_ED03) & _MASK
    value = ((value ^ (value >> 31)) * 0xBF58_476D_1CE4_E5B9) & _MASK
    return value ^ (value >> 29)


def _made() -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    chance = random.Random(20_251)  # noqa: S311  # Text, not secrets.
    paragraphs = tuple(_inside(_paragraph(chance)) for _ in range(PARAGRAPHS))
    return paragraphs, tuple(_inside(_sentence(chance, 6).rstrip(".")) for _ in range(SUBJECTS))


def _paragraph(chance: random.Random) -> str:
    said = [_sentence(chance, chance.randint(5, 16)) for _ in range(chance.randint(2, 4))]
    if chance.random() < 0.3:
        said.append(f"TxID 0x{chance.getrandbits(160):040x}, {chance.randint(1, 90_000) / 100:.2f} USDT.")
    if chance.random() < 0.15:
        said.extend(chance.sample(_CHINESE, 2))
    if chance.random() < 0.1:
        said.append('They answered "we are looking into it".')
    return " ".join(said)


def _sentence(chance: random.Random, words: int) -> str:
    said = [_word(chance) for _ in range(words)]
    return f"{' '.join(said).capitalize()}{chance.choice('...,?!').replace(',', '.')}"


def _word(chance: random.Random) -> str:
    drawn = chance.random()
    if drawn < 0.5:
        return _COMMON[int(len(_COMMON) * chance.random() ** 2)]
    if drawn < 0.95:
        return _TOPICAL[int(len(_TOPICAL) * chance.random() ** 1.5)]
    return "".join(chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=chance.randint(4, 10)))


def _inside(words: str) -> bytes:
    return json.dumps(words, ensure_ascii=False).encode()[1:-1]


_PARAGRAPHS, _SUBJECTS = _made()
