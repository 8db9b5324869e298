"""The demo, in its short form and into a pipe: every section reports success.

    demo_check.py DEMO
"""
import pathlib
import re
import subprocess
import sys


def main(demo):
    done = subprocess.run(
        [sys.executable, "-B", demo, "--quick"],
        stdout=subprocess.PIPE,
        text=True,
        timeout=300,
    )
    sys.stdout.write(done.stdout)
    if done.returncode != 0:
        sys.exit(f"the demo's exit code is {done.returncode}")
    sections = re.findall(r'^    \("(.*?)", \w+\),$', pathlib.Path(demo).read_text(), re.M)
    reports = dict(re.findall(r"^(\S.*)\n(?:    .*\n|Hello.*\n)*  (ok|skipped)", done.stdout, re.M))
    if not sections or sorted(reports) != sorted(sections):
        sys.exit(f"sections {sections}, but reports {reports}")
    # What C prints comes where it was called, though Python's stdout is a pipe.
    if not re.search(r"^printf\nHello from C!\n", done.stdout, re.M):
        sys.exit("printf's line is not where it belongs")


if __name__ == "__main__":
    main(sys.argv[1])
