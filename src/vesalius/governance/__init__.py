"""Governance: what was done, by whom, and proof that the record was not bent."""
