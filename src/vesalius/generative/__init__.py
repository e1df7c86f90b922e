"""Losses and samplers as functions; they know no network."""
