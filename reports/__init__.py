"""Figures over many cases, pure, and how they are shown: simulations as a page, a table of rows, and numbers."""
