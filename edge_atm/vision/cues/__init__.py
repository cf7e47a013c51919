"""One file a cue: `score(pixels, face)` of one frame, higher the more it looks like an attack."""
