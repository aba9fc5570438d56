"""One folder per vendor: what it says becomes our nouns, what we say becomes its wire."""
