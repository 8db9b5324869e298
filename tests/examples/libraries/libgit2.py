"""libgit2: a repository that is freed by itself; options with a callback in them."""
import os
import tempfile

import kaa

g = kaa.load("libgit2.so.1.5", """
    int git_repository_init(git_repository **out [[kaa::out]] [[kaa::free(git_repository_free)]],
                            const char *path, unsigned is_bare);
    int git_diff_index_to_workdir(
        git_diff **diff [[kaa::out]] [[kaa::free(git_diff_free)]] [[kaa::borrow(repo)]],
        git_repository *repo, git_index *index, const git_diff_options *opts);
    [[kaa::borrow(diff)]] const git_diff_delta *git_diff_get_delta(const git_diff *diff, size_t idx);
""", header="git2.h")

assert g.git_libgit2_init() > 0
with tempfile.TemporaryDirectory() as folder:
    status, repository = g.git_repository_init(folder, 0)
    assert status == g.GIT_OK
    assert g.git_repository_is_empty(repository) == 1
    assert g.git_repository_path(repository).endswith("/.git/")
    for name in ("one.txt", "two.txt"):
        with open(os.path.join(folder, name), "w") as file:
            file.write(name)

    seen = []

    def notify(so_far, delta, matched, payload):
        seen.append(delta.new_file.path)
        return 0

    options = g.git_diff_options()
    assert g.git_diff_options_init(options, g.GIT_DIFF_OPTIONS_VERSION) == 0
    options.flags = g.GIT_DIFF_INCLUDE_UNTRACKED
    options.notify_cb = notify
    status, diff = g.git_diff_index_to_workdir(repository, None, options)
    assert status == g.GIT_OK and g.git_diff_num_deltas(diff) == 2
    assert sorted(seen) == ["one.txt", "two.txt"]
    delta = g.git_diff_get_delta(diff, 0)
    assert delta.status.name == "GIT_DELTA_UNTRACKED"
    del repository, diff  # the delta keeps them
    assert delta.new_file.path == "one.txt"

    def fail(*arguments):
        raise KeyError("no more")

    status, repository = g.git_repository_init(folder, 0)
    options.notify_cb = fail
    try:
        g.git_diff_index_to_workdir(repository, None, options)
    except KeyError as error:
        assert error.args == ("no more",)
    else:
        raise AssertionError("the callback's exception is lost")
    del delta, repository
g.git_libgit2_shutdown()
print("libgit2", g.LIBGIT2_VERSION)
