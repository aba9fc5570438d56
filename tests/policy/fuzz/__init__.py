"""Random texts, expressions, facts and workbooks: whatever is read, only a policy's own errors may come out."""
