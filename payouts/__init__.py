"""How a customer is paid once: the order, the steps of one attempt, the ways of paying, and the ledger."""
