"""The price book: candles, mark and index prices from files and exchanges, exact, with their gaps and their hash."""
