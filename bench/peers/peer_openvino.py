"""Times OpenVINO GenAI's continuous batching (paged attention) on a stateful GPT-2.

    peer_openvino.py --model MODELS/ov_int8 --dtype int8
    peer_openvino.py --model MODELS/ov_f32 --dtype bfloat16

--dtype int8: weights of 8 bits in the model, products in bfloat16; bfloat16, float32: all of it.
"""
import time

import numpy
import openvino
import openvino_genai

from measuring import TOKEN_LIMIT, measure, peer_arguments

PRECISIONS = {"int8": "bf16", "bfloat16": "bf16", "float32": "f32"}


def load(args):
    scheduler = openvino_genai.SchedulerConfig()
    scheduler.cache_size = 2  # GB: enough for 128 sequences of 192 tokens
    scheduler.max_num_seqs = max(256, *args.batch)
    scheduler.max_num_batched_tokens = max(8192, max(args.batch) * args.prompt_tokens)
    scheduler.enable_prefix_caching = False
    properties = {"INFERENCE_PRECISION_HINT": PRECISIONS[args.dtype],
                  "INFERENCE_NUM_THREADS": args.threads, "NUM_STREAMS": "1"}
    return openvino_genai.ContinuousBatchingPipeline(args.model, scheduler, "CPU", properties)


def generation_config(new_tokens, top_k):
    config = openvino_genai.GenerationConfig()
    config.max_new_tokens = config.min_new_tokens = new_tokens
    config.ignore_eos = True
    config.do_sample = top_k > 0
    if config.do_sample:
        config.top_k, config.top_p, config.temperature = top_k, 1.0, 1.0
    return config


def generator(args, pipeline, batch):
    def generate(new_tokens, seed):
        random = numpy.random.default_rng(seed)
        prompts = [openvino.Tensor(random.integers(0, TOKEN_LIMIT, (1, args.prompt_tokens)))
                   for _ in range(batch)]
        configs = [generation_config(new_tokens, args.top_k)] * batch
        start = time.perf_counter()
        results = pipeline.generate(prompts, configs)
        seconds = time.perf_counter() - start
        written = sum(len(result.m_generation_ids[0]) for result in results)
        assert written == batch * new_tokens, written
        return seconds

    return generate


def main():
    args = peer_arguments(__doc__.splitlines()[0], list(PRECISIONS))
    pipeline = load(args)
    for batch in args.batch:
        measure(args, batch, generator(args, pipeline, batch),
                peer="OpenVINO GenAI", version=openvino_genai.__version__.split("-")[0])


if __name__ == "__main__":
    main()
