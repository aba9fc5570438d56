"""Many cases at once: a policy decided over columns of whole numbers, exactly as each is decided alone."""
