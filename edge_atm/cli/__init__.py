"""The commands, and the only place that names a concrete camera, port or file."""
