"""The formats known sets are written in, one file each."""
