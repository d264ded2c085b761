"""Prepare the original files of the data sets, or generate what stands in for them: a folder or module for each."""
