"""The nouns: tickets, losses, money, proposals, decisions and the stages of a case."""
