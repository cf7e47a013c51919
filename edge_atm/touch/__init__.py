"""The customer's habit of tapping the PIN, beside the PIN itself."""
