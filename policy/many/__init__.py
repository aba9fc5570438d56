"""Many cases at once: a policy decided over columns of whole numbers, exactly as the closures decide one case."""
