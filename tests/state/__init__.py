"""State: remembered truly, whatever happens."""
