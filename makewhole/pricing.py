"""Settings -> what fills the price inputs of policies from the price book."""

from datetime import timedelta
from functools import partial
from pathlib import Path

from config.settings import Settings
from connectors.prices.book import PriceBook
from connectors.prices.filling import Filling, fill
from workflow.desk import Filler, fills_nothing


def prices_of(settings: Settings) -> Filler:
    """Return what fills the price inputs of policies; nothing without a price book."""
    if settings.prices is None:
        return fills_nothing
    fillings = {
        name: Filling(
            source=each.source,
            price=each.price,
            start=each.between[0],
            end=each.between[1],
            margin=timedelta(minutes=each.margin_minutes),
        )
        for name, each in settings.prices.inputs.items()
    }
    return partial(fill, PriceBook(Path(settings.prices.folder)), fillings)
