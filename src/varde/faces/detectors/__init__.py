"""Detectors of faces, one file per kind of network; each is a `varde.faces.raw.FaceDetector`."""
