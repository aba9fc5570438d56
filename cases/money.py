"""Money: whole minor units of one asset; never a float, and two assets never meet."""

from dataclasses import dataclass
from decimal import (
    ROUND_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
)
from difflib import get_close_matches
from enum import StrEnum

#: Every amount is worked out under this context: a result that 60 digits cannot hold is an error, not an approximation.
EXACT = Context(prec=60, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])
#: Under this one whole units are made of amounts: nothing but what lies behind the point is lost.
WHOLE = Context(prec=60, traps=[InvalidOperation, DivisionByZero, Overflow])


class UnknownAsset(ValueError):
    """Raised for an asset that the registry does not hold."""


class AssetMismatch(ValueError):
    """Raised when amounts of two assets would be added or compared."""


class NotExact(ValueError):
    """Raised when an amount has more decimals than its asset."""


class Rounding(StrEnum):
    """How a worked-out amount becomes whole minor units, once, at the end."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    DOWN = "down"
    UP = "up"


#: What `decimal` calls each way of rounding.
DECIMAL_ROUNDING = {
    Rounding.HALF_UP: ROUND_HALF_UP,
    Rounding.HALF_EVEN: ROUND_HALF_EVEN,
    Rounding.DOWN: ROUND_DOWN,
    Rounding.UP: ROUND_UP,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """What money is counted in.

    Fields:
        code: The ticker or ISO 4217 code: "USDT", "JPY".
        decimals: Digits of one minor unit: 6 for USDT, 0 for JPY.
        shown: Decimals that are always printed: 2 for USDT, so that 180.5 reads "180.50".
    """

    code: str
    decimals: int
    shown: int


#: Currencies of ISO 4217 by their decimals there.
_CURRENCIES = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    2: """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP
        CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES
        KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK
        NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB
        TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ZWG
    """,
    3: "BHD IQD JOD KWD LYD OMR TND",
}
#: Coins by the decimals of their own chain, or of the contract that most of them are held in.
_COINS = {
    6: "ADA ALGO ATOM PYUSD TRX USDC USDT XEM XRP XTZ",
    7: "XLM",
    8: "APT BCH BTC DASH DOGE HBAR ICP LTC WBTC ZEC",
    9: "SOL SUI TON",
    10: "DOT",
    12: "KSM XMR",
    18: "AAVE ARB AVAX BNB CRV DAI ETC ETH FDUSD FIL INJ LDO LINK MKR OKB OP PEPE POL SHIB STETH TUSD UNI USDE WETH",
    24: "NEAR",
}


ASSETS = {
    code: Asset(code=code, decimals=decimals, shown=min(decimals, 2) if table is _COINS else decimals)
    for table in (_CURRENCIES, _COINS)
    for decimals, codes in table.items()
    for code in codes.split()
}
_product = EXACT.multiply
_UNITS = {code: Decimal((0, (1,), -each.decimals)) for code, each in ASSETS.items()}


def asset(code: str) -> Asset:
    """Return the asset with this code; raises UnknownAsset."""
    try:
        return ASSETS[code]
    except KeyError:
        close = get_close_matches(code[:60], ASSETS, n=1)
        hint = f": did you mean {close[0]}?" if close else ""
        raise UnknownAsset(f"{code[:60]!r} is not a known asset{hint}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An exact amount of one asset.

    Fields:
        minor: Whole minor units, may be negative: 180500000 for 180.50 USDT.
        code: The asset's code, one of the registry: "USDT".
    """

    minor: int
    code: str

    def __post_init__(self) -> None:
        if self.code not in ASSETS:
            asset(self.code)

    @classmethod
    def exactly(cls, amount: Decimal | str, code: str) -> "Money":
        """Return this amount; raises NotExact when it has more decimals than the asset, or more than 60 digits."""
        try:
            units = _scaled(amount, code)
        except (Inexact, Overflow):
            raise NotExact(f"an amount of {code} has more than {EXACT.prec} digits") from None
        if units and units.adjusted() >= EXACT.prec:
            raise NotExact(f"an amount of {code} has more than {EXACT.prec} digits")
        if units != units.to_integral_value(context=WHOLE):
            raise NotExact(f"{amount} {code} has more than {asset(code).decimals} decimals")
        return cls(minor=int(units), code=code)

    @classmethod
    def rounded(cls, amount: Decimal, code: str, rounding: Rounding) -> "Money":
        """Return this amount in whole minor units, rounded once as told: 88593.2745 JPY half_up is 88593 JPY."""
        if not amount.is_finite():
            raise NotExact(f"{amount} is not an amount")
        units = amount.scaleb(asset(code).decimals, EXACT)
        return cls(minor=int(units.to_integral_value(DECIMAL_ROUNDING[rounding], WHOLE)), code=code)

    @property
    def amount(self) -> Decimal:
        """The amount in whole units, exact: Decimal("180.500000")."""
        return _product(self.minor, _UNITS[self.code])

    def text(self) -> str:
        """Return the amount without its asset, exact, at least the decimals always shown: "180.50"."""
        kind = asset(self.code)
        digits = f"{self.amount:.{kind.decimals}f}"
        if kind.decimals <= kind.shown:
            return digits
        whole, fraction = digits.split(".")
        return f"{whole}.{fraction.rstrip('0').ljust(kind.shown, '0')}"

    def __str__(self) -> str:
        return f"{self.text()} {self.code}"

    def __add__(self, other: "Money") -> "Money":
        return Money(minor=self.minor + self._same(other).minor, code=self.code)

    def __sub__(self, other: "Money") -> "Money":
        return Money(minor=self.minor - self._same(other).minor, code=self.code)

    def __neg__(self) -> "Money":
        return Money(minor=-self.minor, code=self.code)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other).minor

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other).minor

    def _same(self, other: "Money") -> "Money":
        if other.code != self.code:
            raise AssetMismatch(f"{self} and {other} are different assets")
        return other


def _scaled(amount: Decimal | str, code: str) -> Decimal:
    try:
        number = Decimal(amount)
    except InvalidOperation:
        raise NotExact(f"{amount!r} is not a decimal number") from None
    if not number.is_finite():
        raise NotExact(f"{amount} is not an amount")
    return number.scaleb(asset(code).decimals, EXACT)
