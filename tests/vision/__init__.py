"""Tests of the vision room on recorded people, and the stage its unit tests play on."""
