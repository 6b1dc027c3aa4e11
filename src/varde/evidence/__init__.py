"""Where items come from: folders and archives, one file each. Evidence is hostile and never unpacked to its names."""
