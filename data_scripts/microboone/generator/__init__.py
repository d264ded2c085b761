"""What stands in for the public files: particles in liquid argon (`argon`, `cascades`), seen by wires (`lartpc`)."""
