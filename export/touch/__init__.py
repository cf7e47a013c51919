"""Train the touch networks from people's data: the only place that knows torch."""
