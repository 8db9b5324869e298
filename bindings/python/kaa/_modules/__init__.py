"""Extension modules: loading, checking, and making a project for one."""
