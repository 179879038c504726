"""One file for each command of `moravec`."""
