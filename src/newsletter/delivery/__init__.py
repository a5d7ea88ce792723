"""How it travels: freezing an audience, the ledger, sending, sweeping, and single notices."""
