"""Faces: detect, align, judge the quality of, embed, search, cluster, calibrate. Neither database nor pixels of a file."""
