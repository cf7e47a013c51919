"""Keys, sealed rows, and who a card number belongs to."""
