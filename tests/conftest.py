"""Imported before any test: the library brings TensorFlow up in the right mode."""

import sparsepixels_lib  # noqa: F401
