"""What an operator sets: settings, people and policies, and the only reader of the environment."""
