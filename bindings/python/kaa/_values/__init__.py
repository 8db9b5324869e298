"""Values of C as Python sees them: their types, data, and conversions.

The same with and without the bridge; what differs is in kaa._backend.
"""
