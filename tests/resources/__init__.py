"""The vocabulary: kinds, values, and documents of our own."""
