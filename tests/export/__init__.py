"""Tests of the tool that turns published weights into ONNX files."""
