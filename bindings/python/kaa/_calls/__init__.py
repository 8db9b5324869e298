"""Calls: what bound functions share, callbacks, and calls over arrays."""
