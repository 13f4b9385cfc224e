"""The sandbox against what is known of Dust's API, one file a section."""
