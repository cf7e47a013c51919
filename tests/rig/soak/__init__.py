"""Deterministic simulation: the product's own cash code in a world made from one seed."""
