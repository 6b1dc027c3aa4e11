"""Known sets: reading them, guarding against misuse, and searching their perceptual hashes."""
