"""A cash machine that knows its customers by face."""
