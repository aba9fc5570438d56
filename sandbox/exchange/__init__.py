"""An exchange's public candles, on the wire of OKX's API v5: trades, mark and index prices, without credentials."""
