"""A disk whose power fails: what SQLite wrote and synced, and what may be left of it."""
