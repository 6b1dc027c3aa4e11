"""Faces: detect, align, judge the quality of, embed, search, cluster, calibrate. No database, no files of evidence."""
