"""What the customer sees and types."""
