"""Crashes and faults at every call and every state write of one rich apply."""
