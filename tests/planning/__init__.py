"""Planning: from manifests, state and a snapshot to changes."""
