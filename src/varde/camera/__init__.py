"""Camera attribution: noise residuals, fingerprints of sensors, comparison, likelihood ratios, linking by source.

Pure: arrays and core objects in, core objects out; it knows no database. Convention: pictures are in **sensor layout**
(as stored, orientation tags not applied), (H, W) or (H, W, 3), rows before columns.
"""
