"""Sparse layers in Keras, the published networks, training, and what every layer means exactly."""
