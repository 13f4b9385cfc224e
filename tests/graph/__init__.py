"""Order: what must be done before what."""
