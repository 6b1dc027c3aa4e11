"""Varde: a workbench for police units that protect children."""
