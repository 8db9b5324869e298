"""Declarations: texts and headers, their macros, and what is written from them."""
