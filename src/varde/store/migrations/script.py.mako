"""${message}

Revision: ${up_revision}, after ${down_revision}.
"""

import sqlalchemy as sa
from alembic import op
import varde.store.types
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
