"""Cameras: what was found stays as it was found: leads, references of fingerprints, clusterings

Revision: 0007, after 0006.
"""

from varde.store.append_only import forbid_change

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    forbid_change("camera_leads")
    forbid_change("fingerprint_references")
    forbid_change("source_clusterings")
    forbid_change("source_clusters")
    forbid_change("source_cluster_members")
