"""A frame's columns -> columns of whole numbers and codes. Rows that are not plainly readable are set apart."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from policy.form import Input, Policy
from policy.many import lists
from policy.many.days import FIRST_DATE, LAST_DATE, days_of
from policy.many.prices import readable
from policy.many.scaled import OutOfBounds, Scaled, Whole, moment
from policy.units import (
    BARE,
    OWN_MONEY,
    ChoiceType,
    DateType,
    ListType,
    NumberType,
    SeriesType,
    TextType,
    TimeType,
    Type,
    YesNoType,
)

_FIRST, _LAST = (moment(each).top.low for each in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)))
_ENDS: Mapping[type[Type], tuple[int, int]] = {TimeType: (_FIRST, _LAST), DateType: (FIRST_DATE, LAST_DATE)}
_PLAIN_NUMBER = r"^-?\d{1,37}(\.\d{1,18})?$"
_PLAIN_SHARE = r"^-?\d{1,37}(\.\d{1,16})?%$"
_PLAIN_DATE = r"^\d{4}-[01]\d-[0-3]\d$"
_PLAIN_TIME = r"^\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d(\.\d{1,6})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$"
_NOT_PLAIN_TEXT = r"^\s|\s$|[\x00-\x1f]"
_MOST_PLAIN_TEXT = 200
_MOST_OPTIONS = 250


class WrongColumn(TypeError):
    """Raised for a column that holds something else than its input; the message says which and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A column of words of a closed list: the place of each in `options`."""

    codes: pl.Expr
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """A column of yes/no, of free text or of prices."""

    expr: pl.Expr


Column = Scaled | Words | Other


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """Cases in columns.

    Fields:
        frame: One row per case, its columns ready to be calculated with.
        columns: What each input is, by name.
        unknown: Inputs that some case does not know.
        apart: Which rows cannot be read plainly, and are read one by one; None for no row.
        lists: The items of each input that is a list.
        given: Whether each input that may be wanting is given, readable or not.
    """

    frame: pl.DataFrame
    columns: Mapping[str, Column]
    unknown: frozenset[str]
    apart: pl.Series | None
    lists: Mapping[str, "ItemRows"]
    given: Mapping[str, pl.Expr]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRows:
    """The items of a list, each as a case of its own. of: The place of the case it belongs to."""

    items: Cases
    of: pl.Series


@dataclass(frozen=True, slots=True, kw_only=True)
class _Raw:
    """An input as whole numbers, codes, yes/no or text; `apart` marks what is not read plainly, None for nothing."""

    series: pl.Series
    scale: int = 1
    apart: pl.Series | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far columns reach; rows with a number beyond it are set apart, None sets no row apart.

    Fields:
        decimals: The most decimals of a number.
        largest: The most units of it, at those decimals.
    """

    decimals: int | None = None
    largest: int | None = None


def read_cases(inputs: Sequence[Input], frame: pl.DataFrame, reach: Reach) -> Cases:
    """Return inputs as columns; null, and what is no value of its type, is unknown.

    Raises WrongColumn, and OutOfBounds for a closed list that is too long.
    """
    told = {each.name: _list(each, each.type, frame, reach) for each in inputs if isinstance(each.type, ListType)}
    raw = {each.name: told[each.name][0] if each.name in told else _raw(each, frame) for each in inputs}
    raw |= {each.name: _within(raw[each.name], reach) for each in inputs if isinstance(each.type, NumberType)}
    apart = _together([each.apart for each in raw.values() if each.apart is not None])
    ready = pl.DataFrame(height=frame.height).with_columns(each.series.alias(name) for name, each in raw.items())
    if apart is not None:
        ready = ready.with_columns(pl.when(~pl.lit(apart)).then(pl.all()).name.keep())
    given = {
        each.name: raw[each.name].series.is_not_null().alias(f"{each.name}: given") for each in inputs if each.optional
    }
    ready = _valid(inputs, raw, ready).with_columns(given.values())
    columns = {each.name: _column(each, raw[each.name].scale, ready[each.name]) for each in inputs}
    narrow = [pl.col(name).cast(each.top.dtype) for name, each in columns.items() if isinstance(each, Scaled)]
    unknown = frozenset(each.name for each in inputs if ready[each.name].null_count())
    items = {name: rows for name, (_, rows) in told.items()}
    return Cases(
        frame=ready.with_columns(narrow),
        columns=columns,
        unknown=unknown,
        apart=apart,
        lists=items,
        given={name: pl.col(each.name) for name, each in given.items()},
    )


def _list(each: Input, kind: ListType, frame: pl.DataFrame, reach: Reach) -> tuple[_Raw, ItemRows]:
    """Return how many items each case has, null where the list is not known, and the items."""
    series = frame[each.name] if each.name in frame.columns else pl.Series(each.name, [None] * frame.height)
    series = series.cast(pl.String) if series.dtype == pl.Null else series
    if not isinstance(series.dtype, pl.List):
        _needs(each, series, pl.String)
    found = lists.told(kind, series)
    counts = found.lists.list.len().cast(pl.Int64)
    counts = counts.set((counts > kind.most) | (counts < kind.least), None)
    rows = pl.DataFrame({"item": found.lists}).with_row_index("# of").filter((counts > 0).fill_null(value=False))
    rows = rows.explode("item")
    said = rows["item"].struct.unnest() if rows.height else pl.DataFrame()
    fields = [Input(name=name, type=of, place=each.place, optional=name in kind.optional) for name, of in kind.fields]
    items = read_cases(fields, said, reach)
    of = rows["# of"]
    unread = [pl.col(name).is_null() & items.given.get(name, pl.lit(True)) for name, _ in kind.fields]  # noqa: FBT003  # A value.
    wrong = of.filter(items.frame.select(pl.any_horizontal(unread)).to_series())
    if kind.once_by:
        wrong = pl.concat([wrong, of.filter(_once(kind, items).with_columns(of).is_duplicated())])
    apart = found.apart
    if items.apart is not None:
        apart = apart.scatter(of.filter(items.apart).unique(), True)  # noqa: FBT003  # A value.
    return _Raw(series=counts.scatter(wrong.unique(), None), apart=apart), ItemRows(items=items, of=of)


def _once(kind: ListType, items: Cases) -> pl.DataFrame:
    """Return what makes each item its own: values, and of some times the day only."""
    days = (items.columns[name] for name in kind.once_by if name in kind.by_day)
    own = [days_of(each.top, kind.calendar).expr for each in days if isinstance(each, Scaled)]
    values = (name for name in kind.once_by if name not in kind.by_day)
    return items.frame.select(*values, *(each.alias(f"day {number}") for number, each in enumerate(own)))


def _within(raw: _Raw, reach: Reach) -> _Raw:
    """Return numbers within reach; the others are marked to be set apart."""
    number, scale = pl.col("number"), raw.scale
    beyond: list[pl.Expr] = []
    if reach.decimals is not None and scale > 10**reach.decimals:
        rest = pl.lit(scale // 10**reach.decimals, dtype=pl.Int128)
        beyond.append(number % rest != 0)
        number, scale = number // rest, 10**reach.decimals
    if reach.largest is not None:
        beyond.append(number.abs() > pl.lit(reach.largest, dtype=pl.Int128))
    if not beyond:
        return raw
    found = pl.DataFrame({"number": raw.series.cast(pl.Int128)}).select(
        number=number, beyond=pl.any_horizontal(beyond).fill_null(value=False)
    )
    masks = [found["beyond"]] if raw.apart is None else [found["beyond"], raw.apart]
    return _Raw(series=found["number"], scale=scale, apart=_together(masks))


def as_rows(policy: Policy, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the columns of the inputs as they can be read row by row; what no calendar holds is unknown."""
    columns = [pl.col(each.name) for each in policy.inputs if each.name in frame.columns]
    moments = [
        pl.when(pl.col(name).dt.cast_time_unit("us").to_physical().is_between(_FIRST, _LAST))
        .then(pl.col(name))
        .name.keep()
        for name, dtype in frame.schema.items()
        if isinstance(dtype, pl.Datetime)
    ]
    dates = [
        pl.when(pl.col(name).to_physical().is_between(FIRST_DATE, LAST_DATE)).then(pl.col(name)).name.keep()
        for name, dtype in frame.schema.items()
        if dtype == pl.Date
    ]
    return frame.with_columns(*moments, *dates).select(columns)


def _together(masks: list[pl.Series]) -> pl.Series | None:
    """Return which rows one of the masks names; None when no row is."""
    if not masks:
        return None
    found = pl.DataFrame([each.alias(str(number)) for number, each in enumerate(masks)])
    either = found.select(pl.any_horizontal(pl.all())).to_series()
    return either if either.any() else None


def _raw(each: Input, frame: pl.DataFrame) -> _Raw:
    if each.name not in frame.columns or frame[each.name].dtype == pl.Null:
        return _Raw(series=pl.Series(each.name, [None] * frame.height, dtype=_dtype(each.type)))
    series = frame[each.name]
    if isinstance(series.dtype, pl.Categorical | pl.Enum) and not isinstance(each.type, ChoiceType):
        series = series.cast(pl.String)
    if each.optional and series.dtype == pl.String:
        series = series.set((series.str.strip_chars(" \t\r\n") == "").fill_null(value=False), None)
    return _READERS[type(each.type)](each, series)


def _dtype(kind: Type) -> type[pl.DataType]:
    match kind:
        case NumberType() | TimeType() | DateType():
            return pl.Int64
        case ChoiceType():
            return pl.UInt8
        case YesNoType():
            return pl.Boolean
        case _:
            return pl.String


def _number(each: Input, series: pl.Series) -> _Raw:
    if isinstance(each.type, NumberType) and each.type.share:
        return _share(each, series)
    if series.dtype.is_integer():
        return _Raw(series=series.cast(pl.Int128))
    if isinstance(series.dtype, pl.Decimal):
        return _Raw(series=series.to_physical(), scale=10**series.dtype.scale)
    _needs(each, series, pl.String)
    text = series.str.strip_chars()
    if isinstance(each.type, NumberType) and each.type.unit.top not in {None, OWN_MONEY}:
        text = text.str.strip_suffix(f" {each.type.unit}")
    plain = text.str.contains(_PLAIN_NUMBER).fill_null(value=False)
    text = text.set(~plain, None)
    fractions = text.str.extract(r"\.(\d*[1-9])0*$", 1).str.len_bytes().max()
    decimals = fractions if isinstance(fractions, int) else 0
    read = text.str.to_decimal(scale=decimals)
    return _Raw(series=read.to_physical(), scale=10**decimals, apart=series.is_not_null() & read.is_null())


def _share(each: Input, series: pl.Series) -> _Raw:
    """Return percentages as hundredths; what is written otherwise, with "per year" or without "%", is set apart."""
    text = _needs(each, series, pl.String).str.strip_chars()
    text = text.set(~text.str.contains(_PLAIN_SHARE).fill_null(value=False), None).str.strip_suffix("%")
    fractions = text.str.extract(r"\.(\d*[1-9])0*$", 1).str.len_bytes().max()
    decimals = fractions if isinstance(fractions, int) else 0
    read = text.str.to_decimal(scale=decimals)
    return _Raw(series=read.to_physical(), scale=10 ** (decimals + 2), apart=series.is_not_null() & read.is_null())


def _choice(each: Input, series: pl.Series) -> _Raw:
    if not isinstance(series.dtype, pl.Categorical | pl.Enum):
        _needs(each, series, pl.String)
    options = each.type.options if isinstance(each.type, ChoiceType) else ()
    if len(options) > _MOST_OPTIONS:
        raise OutOfBounds(f'"{each.name}" is one of {len(options)} words, columns hold {_MOST_OPTIONS}')
    codes = series.cast(pl.Enum(options), strict=False).to_physical()
    return _Raw(series=codes, apart=series.is_not_null() & codes.is_null())


def _time(each: Input, series: pl.Series) -> _Raw:
    if isinstance(series.dtype, pl.Datetime):
        if series.dtype.time_zone is None:
            raise WrongColumn(f"{each.name}: moments without a time zone: say which, as UTC")
        exact = series.dt.cast_time_unit("us")
        if series.dtype.time_unit == "ns" and (exact.dt.cast_time_unit("ns") != series).any():
            raise WrongColumn(f"{each.name}: parts of a microsecond cannot be held: round the moments")
        return _Raw(series=exact.to_physical())
    text = _needs(each, series, pl.String).str.strip_chars()
    plain = text.set(~text.str.contains(_PLAIN_TIME).fill_null(value=False), None)
    read = plain.str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)
    return _Raw(series=read.to_physical(), apart=series.is_not_null() & read.is_null())


def _date(each: Input, series: pl.Series) -> _Raw:
    if series.dtype == pl.Date:
        return _Raw(series=series.to_physical().cast(pl.Int64))
    text = _needs(each, series, pl.String).str.strip_chars()
    plain = text.set(~text.str.contains(_PLAIN_DATE).fill_null(value=False), None)
    read = plain.str.to_date("%Y-%m-%d", strict=False)
    return _Raw(series=read.to_physical().cast(pl.Int64), apart=series.is_not_null() & read.is_null())


def _yes_no(each: Input, series: pl.Series) -> _Raw:
    if series.dtype == pl.Boolean:
        return _Raw(series=series)
    text = _needs(each, series, pl.String)
    known = text.is_in(["yes", "no"])
    return _Raw(series=(text == "yes").set(~known, None), apart=series.is_not_null() & ~known)


def _text(each: Input, series: pl.Series) -> _Raw:
    text = _needs(each, series, pl.String)
    odd = text.str.contains(_NOT_PLAIN_TEXT) | (text.str.len_bytes() > _MOST_PLAIN_TEXT)
    return _Raw(series=text, apart=odd.fill_null(value=False))


def _prices(each: Input, series: pl.Series) -> _Raw:
    kind = each.type if isinstance(each.type, SeriesType) else SeriesType(unit=BARE)
    return _Raw(series=readable(_needs(each, series, pl.String), kind))


_READERS: Mapping[type[Type], Callable[[Input, pl.Series], _Raw]] = {
    NumberType: _number,
    ChoiceType: _choice,
    TimeType: _time,
    DateType: _date,
    YesNoType: _yes_no,
    TextType: _text,
    SeriesType: _prices,
}


def _needs(each: Input, series: pl.Series, dtype: type[pl.DataType]) -> pl.Series:
    if series.dtype != dtype:
        raise WrongColumn(f"{each.name}: a column of {series.dtype} cannot be read exactly: give {_wanted(each.type)}")
    return series


def _wanted(kind: Type) -> str:
    match kind:
        case NumberType(share=True):
            return "text, as 2.3%"
        case NumberType():
            return "Decimal, whole numbers or text"
        case ChoiceType():
            return "Categorical, Enum or text"
        case TimeType():
            return "Datetime with a time zone, or text"
        case DateType():
            return "Date, or text"
        case YesNoType():
            return "Boolean, or text yes and no"
        case _:
            return "text"


def _valid(inputs: Sequence[Input], raw: Mapping[str, _Raw], frame: pl.DataFrame) -> pl.DataFrame:
    """Return the columns without numbers that their type does not allow, and days that no calendar holds."""
    kept: list[pl.Expr] = []
    for each in inputs:
        column, low, high = pl.col(each.name), frame[each.name].min(), frame[each.name].max()
        if not isinstance(low, int) or not isinstance(high, int):
            continue
        ends = _ENDS.get(type(each.type))
        if ends and (low < ends[0] or high > ends[1]):
            kept.append(pl.when(column.is_between(*ends)).then(column))
        if isinstance(each.type, NumberType):
            kept += _allowed(each.type, column, low, raw[each.name].scale)
    return frame.with_columns(kept) if kept else frame


def _allowed(kind: NumberType, column: pl.Expr, low: int, scale: int) -> list[pl.Expr]:
    fits: list[pl.Expr] = []
    if kind.positive and low <= 0:
        fits.append(column > 0)
    elif not kind.signed and low < 0:
        fits.append(column >= 0)
    if kind.whole and scale > 1:
        fits.append(column % scale == 0)
    return [pl.when(pl.all_horizontal(fits)).then(column)] if fits else []


def _column(each: Input, scale: int, series: pl.Series) -> Column:
    column = pl.col(each.name)
    match each.type:
        case NumberType() | TimeType() | DateType():
            low, high = series.min(), series.max()
            edges = (low, high) if isinstance(low, int) and isinstance(high, int) else (0, 0)
            return Scaled(top=Whole(expr=column, low=edges[0], high=edges[1]), bottom=scale)
        case ChoiceType(options=options):
            return Words(codes=column, options=options)
        case _:
            return Other(expr=column)
