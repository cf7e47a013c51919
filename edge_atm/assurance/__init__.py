"""How well it works, measured on data that nobody here made."""
