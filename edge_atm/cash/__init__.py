"""Money: note mixes, the ledger, and the cashier who pays."""
