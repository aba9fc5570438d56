"""Cases by customer and time, what runs over them, and rows put back in their places."""

import polars as pl

from reports.case_files import AT, CUSTOMER, MOMENT, TOPIC


class InOrder:
    """The cases of customers with several, by customer and time; worked out once for all policies.

    Cases without customer or time are left out.
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        """Put them in order."""
        self._order, self._earliest, self._span = _order(frame)
        self.frame, self.places, self.groups = frame, self._order["place"], self._order["group"]
        self._firsts: dict[str, pl.Series] = {}
        self._by_topic: tuple[pl.Series, pl.Series] | None = None

    def firsts(self, back: str) -> pl.Series:
        """Return for each the first case of the same customer that a window still holds, as a place in this order.

        A window of 30 days holds what is less than 30 days old; of cases at the same moment the earlier line counts.
        """
        if back not in self._firsts:
            at = pl.col("at")
            begin = at.cast(MOMENT).dt.offset_by(f"-{back}").to_physical()
            within = pl.max_horizontal(begin - self._earliest + 1, pl.lit(0, dtype=pl.Int64))
            start = pl.col("key") - (at - self._earliest + 1) + within
            starts = self._order.select(start.alias("start"))["start"]
            self._firsts[back] = self._order["key"].search_sorted(starts, side="right")
        return self._firsts[back]

    @property
    def by_topic(self) -> tuple[pl.Series, pl.Series]:
        """The places of cases by customer, topic and time, and for each the first of its customer and topic in them."""
        if self._by_topic is None:
            found = pl.DataFrame({"place": self.places, "group": self.groups})
            if TOPIC in self.frame.columns and self.frame[TOPIC].n_unique() > 1:
                found = found.with_columns(self.frame[TOPIC].gather(self.places)).sort(
                    "group", TOPIC, maintain_order=True
                )
                found = found.select("place", pl.struct("group", TOPIC).rle_id().alias("group"))
            begins = pl.col("group").ne_missing(pl.col("group").shift())
            firsts = pl.when(begins).then(pl.int_range(pl.len(), dtype=pl.UInt32)).forward_fill()
            self._by_topic = found["place"], found.select(firsts.alias("first"))["first"]
        return self._by_topic


def summed(amounts: pl.Series, firsts: pl.Series) -> pl.Series:
    """Return for each case the sum of the amounts from the first that counts to the one before it."""
    if len(amounts) == 0:
        return amounts
    before = pl.concat([pl.Series([0], dtype=pl.Int128), amounts.cast(pl.Int128).cum_sum().rename("")])
    return before.head(len(amounts)) - before.gather(firsts)


def put(frame: pl.DataFrame, places: pl.Series, rows: pl.DataFrame) -> pl.DataFrame:
    """Return a frame with some rows in the place of others."""
    if len(places) == 0:
        return frame
    taken = pl.int_range(frame.height, dtype=pl.UInt32, eager=True)
    moved = _scattered(taken, places, frame.height)
    return pl.concat([frame, rows.select(frame.columns)]).select(pl.all().gather(moved))


def replaced(series: pl.Series, places: pl.Series, values: pl.Series) -> pl.Series:
    """Return a series with some of its values in place of what was there."""
    return put(series.to_frame("x"), places, values.to_frame("x"))["x"].rename(series.name)


def _order(frame: pl.DataFrame) -> tuple[pl.DataFrame, int, int]:
    """Return place, time and key of the cases of customers with several, by customer and time; equals as they come.

    A key is the customer's number times a span that holds all times, and the time in it; also returned: the earliest
    time and the span.
    """
    codes = frame[CUSTOMER].cast(pl.Categorical).to_physical()
    ready = pl.DataFrame({"group": codes, "at": frame[AT].to_physical()}).with_row_index("place")
    ready = ready.drop_nulls()
    ready = ready.filter(ready["group"].is_duplicated())
    earliest, latest = (edge if isinstance(edge, int) else 0 for edge in (ready["at"].min(), ready["at"].max()))
    span = latest - earliest + 2
    fits = (frame.height + 1) * span < 2**63
    group = pl.col("group").cast(pl.Int64 if fits else pl.Int128)
    key = group * pl.lit(span, dtype=pl.Int64 if fits else pl.Int128) + (pl.col("at") - earliest + 1)
    return ready.with_columns(key.alias("key")).sort("key", maintain_order=True), earliest, span


def _scattered(taken: pl.Series, places: pl.Series, height: int) -> pl.Series:
    return taken.scatter(places, pl.int_range(height, height + len(places), dtype=pl.UInt32, eager=True))
