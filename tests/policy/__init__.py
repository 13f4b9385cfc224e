"""An organisation's own rules: compiled, bounded, held against values."""
