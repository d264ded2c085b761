"""Prepare the original files of the data sets: download, prepare, inspect (see each module)."""
