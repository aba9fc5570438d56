"""The demo world: users, tickets and account facts as data files, and a loader that changes nothing.

`load_seed()` gives a `Seed`: `users` and `tickets` in Zendesk's own wire shape for `POST /_sandbox/tickets`, `records` for
`sandbox.accounts.app.create_app(records=…)`, `unknown_payees` for `sandbox.payouts.app.create_app(unknown_payees=…)`.
"""
