"""The database: tickets, cases, audit chain, ledger, outbox and durable jobs, on SQLite or PostgreSQL."""
