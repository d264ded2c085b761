"""What the scripts of the data sets have in common: files, Zenodo, the command line, what `inspect` prints."""
