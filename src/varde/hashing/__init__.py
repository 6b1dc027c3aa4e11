"""Digests and perceptual hashes: pure functions on bytes and arrays."""
