"""The formats known sets come in, one file each."""
