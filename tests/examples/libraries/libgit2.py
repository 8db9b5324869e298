"""libgit2: a repository made and looked at."""
import tempfile

import kaa

g = kaa.load("libgit2.so.1.5", """
    int git_repository_init(git_repository **out [[kaa::out]], const char *path, unsigned is_bare);
""", header="git2.h")

assert g.git_libgit2_init() > 0
with tempfile.TemporaryDirectory() as folder:
    status, repository = g.git_repository_init(folder, 0)
    assert status == g.GIT_OK
    assert g.git_repository_is_empty(repository) == 1
    assert g.git_repository_path(repository).endswith("/.git/")
    g.git_repository_free(repository)
g.git_libgit2_shutdown()
print("libgit2", g.LIBGIT2_VERSION)
