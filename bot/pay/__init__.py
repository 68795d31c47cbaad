"""What work is worth: tiers, the ledger, the way of the money."""
