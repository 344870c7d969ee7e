"""Writes third_party/jieba/{dict.txt.gz,hmm.txt.gz} from an installed Python jieba 0.42.1.

dict.txt.gz is jieba's dictionary as it is ("word frequency tag" a line); hmm.txt.gz holds its hidden Markov
model, one value a line: "start S p", "trans S S p", "emit S character p" (S of B M E S, natural logarithms).
Run with a Python that has jieba: python tools/vendor_jieba.py
"""
import gzip
import pathlib

import jieba
from jieba.finalseg import prob_emit, prob_start, prob_trans


def write_gzip(path, data):
    with open(path, "wb") as file, gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0, compresslevel=9) as out:
        out.write(data)


def main():
    assert jieba.__version__ == "0.42.1", jieba.__version__
    target = pathlib.Path(__file__).resolve().parent.parent / "third_party" / "jieba"
    target.mkdir(parents=True, exist_ok=True)
    write_gzip(target / "dict.txt.gz", (pathlib.Path(jieba.__file__).parent / "dict.txt").read_bytes())
    lines = [f"start {s} {p!r}" for s, p in prob_start.P.items()]
    lines += [f"trans {a} {b} {p!r}" for a, row in prob_trans.P.items() for b, p in row.items()]
    lines += [f"emit {s} {c} {p!r}" for s, row in prob_emit.P.items() for c, p in sorted(row.items())]
    write_gzip(target / "hmm.txt.gz", ("\n".join(lines) + "\n").encode())


if __name__ == "__main__":
    main()
