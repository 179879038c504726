"""Manip: pictures, body state and a sentence in, a chunk of actions out. Small, trained here from nothing, run by ONNX."""
