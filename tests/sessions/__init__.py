"""Whole sessions: recorded faces, real models, a dispenser on a pty."""
