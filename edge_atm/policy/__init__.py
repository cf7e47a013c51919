"""Judgement: pure functions that touch nothing."""
