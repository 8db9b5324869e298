"""What goes on in a process: its GIL, its memory, its objects.

Data (`*_data`) is apart from what measures; kaa._views shows it.
"""
