"""What the peers' scripts share: arguments, the wait for a quiet machine, timing, JSON lines.

A program that works on the cores beside the measured one spoils a run. So each run waits until the
machine is quiet, and counts only when the others used less than OTHER_CORES_LIMIT cores during it.
"""
import argparse
import dataclasses
import json
import os
import resource
import statistics
import time

OTHER_CORES_LIMIT = float(os.environ.get("OTHER_CORES_LIMIT", "0.15"))  # cores
QUIET_CORES = 0.08      # cores that others use on a machine that counts as quiet
QUIET_WAIT_S = 60       # then the run starts all the same; whether it counts is seen after it
ATTEMPTS_PER_RUN = 2
TOKEN_LIMIT = 50000     # prompts hold random tokens below it: none of them is end-of-text


@dataclasses.dataclass
class CpuTimes:
    """Seconds since some start: by the clock, and of processor time."""

    wall: float
    own: float      # this process, or the children that have ended
    machine: float  # all processes together

    @classmethod
    def now(cls, who=resource.RUSAGE_SELF):
        usage = resource.getrusage(who)
        with open("/proc/stat", encoding="ascii") as file:
            user, nice, system, _, _, irq, softirq, steal = map(int, file.readline().split()[1:9])
        ticks = user + nice + system + irq + softirq + steal
        return cls(time.perf_counter(), usage.ru_utime + usage.ru_stime,
                   ticks / os.sysconf("SC_CLK_TCK"))

    def others_until(self, end):
        """Cores that all other processes used on average between self and end."""
        return ((end.machine - self.machine) - (end.own - self.own)) / (end.wall - self.wall)


def wait_until_quiet():
    give_up = time.perf_counter() + QUIET_WAIT_S
    while time.perf_counter() < give_up:
        start = CpuTimes.now()
        time.sleep(0.4)
        if start.others_until(CpuTimes.now()) < QUIET_CORES:
            return
        time.sleep(0.6)


def clean_runs(function, runs, who=resource.RUSAGE_SELF):
    """Calls function until `runs` of its runs were clean, at most ATTEMPTS_PER_RUN * runs times.

    Returns (results, how): the results of the `runs` cleanest runs, and how clean they were:
    {"clean": how many of them were, "made": runs made, "other_cores": of the worst result}.
    """
    attempts = []
    while len(attempts) < ATTEMPTS_PER_RUN * runs:
        wait_until_quiet()
        start = CpuTimes.now(who)
        result = function()
        attempts.append((start.others_until(CpuTimes.now(who)), result))
        if sum(others < OTHER_CORES_LIMIT for others, _ in attempts) == runs:
            break
    attempts.sort(key=lambda attempt: attempt[0])
    taken = attempts[:runs]
    clean = sum(others < OTHER_CORES_LIMIT for others, _ in taken)
    return [result for _, result in taken], {
        "clean": clean, "made": len(attempts), "other_cores": round(max(0.0, taken[-1][0]), 3)}


def spread(values):
    """[least, median, greatest]"""
    return [min(values), statistics.median(values), max(values)]


def peak_rss_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def numbers(text):
    """"1,8,32" as [1, 8, 32]"""
    return [int(word) for word in text.split(",")]


def add_measure_arguments(parser, runs):
    parser.add_argument("--batch", type=numbers, default=[1, 8, 32, 128], metavar="N,N,…",
                        help="sequences at once, ascending (1,8,32,128)")
    parser.add_argument("--prompt-tokens", type=int, default=64, metavar="N", help="(64)")
    parser.add_argument("--new-tokens", type=int, default=128, metavar="N",
                        help="at least 2 (128)")
    parser.add_argument("--top-k", type=int, default=40, metavar="K",
                        help="draw among the K likeliest tokens; 0 = greedy (40)")
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="(2)")
    parser.add_argument("--runs", type=int, default=runs, metavar="N",
                        help=f"timed runs ({runs})")


def peer_arguments(description, dtypes, epilog=None):
    """The arguments of a peer's script: the model, one of dtypes, and what is measured."""
    parser = argparse.ArgumentParser(description=description, epilog=epilog)
    parser.add_argument("--model", required=True, metavar="PATH", help="what make_models wrote")
    parser.add_argument("--dtype", choices=dtypes, default=dtypes[0], help=f"({dtypes[0]})")
    add_measure_arguments(parser, runs=3)
    args = parser.parse_args()
    if args.new_tokens < 2:
        parser.error("--new-tokens: at least 2")
    return args


def print_line(**fields):
    print(json.dumps(fields, ensure_ascii=False), flush=True)


def measure(args, batch, generate, **about):
    """Times one batch size and prints its JSON line.

    generate(new_tokens, seed) -> seconds for `batch` new random prompts of args.prompt_tokens
    tokens and exactly new_tokens tokens after each. The time of the prompts is taken apart, as
    that of a run with one new token: tokens_per_s is batch * (new_tokens - 1) / (t_all - t_one).
    """
    generate(args.new_tokens, 0)  # fresh memory is not what is measured
    seed = 0

    def run():
        nonlocal seed
        seed += 2
        return generate(1, seed - 1), generate(args.new_tokens, seed)

    times, how = clean_runs(run, args.runs)
    decoded, read = batch * (args.new_tokens - 1), batch * args.prompt_tokens
    print_line(
        kind="peer", **about, dtype=args.dtype, threads=args.threads, top_k=args.top_k,
        batch=batch, prompt_tokens=args.prompt_tokens, new_tokens=args.new_tokens,
        tokens_per_s=spread([decoded / (t_all - t_one) for t_one, t_all in times]),
        prefill_tokens_per_s=spread([read / t_one for t_one, _ in times]),
        peak_rss_mib=peak_rss_mib(), **how)
