"""The story of a case: every stage, and what leads out of it."""
