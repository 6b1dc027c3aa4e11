"""The interface for programs, compatible with that of hasher-matcher-actioner: one file per area."""
