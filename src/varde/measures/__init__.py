"""Measures of evidence, pure numpy: shares with intervals, how well scores separate, what likelihood ratios cost."""
