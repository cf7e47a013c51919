"""What the camera's pixels mean: faces, landmarks, embeddings, quality, head turns."""
