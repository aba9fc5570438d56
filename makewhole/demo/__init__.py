"""A working day against the sandbox, played by the real product, and the books compared at its end."""
