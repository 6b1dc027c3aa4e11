"""Segments: immutable, memory-mapped files of arrays that make up an index, and folders of them."""
