"""Exchanges with other organisations, one file each, and what their connections have in common."""
