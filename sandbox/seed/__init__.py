"""The demo world: users, tickets and account facts as data files, and what each ticket should come to.

`load_seed()` returns a `Seed`. `zendesk_load()` is the body of the Zendesk sandbox's `POST /_sandbox/tickets`;
`records` go to `create_app(records=…)` of `sandbox.accounts.app`, `unknown_payees` to that of `sandbox.payouts.app`.
`load_expected()` returns the outcome of each ticket, worked out by hand and by none of the product's code.
"""

from sandbox.seed.expected import Expected, load_expected
from sandbox.seed.loading import Seed, load_seed

__all__ = ["Expected", "Seed", "load_expected", "load_seed"]
