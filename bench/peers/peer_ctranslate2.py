"""Times CTranslate2's Generator.

    peer_ctranslate2.py --model MODELS/ct2_int8 --dtype int8

--dtype is CTranslate2's compute type; float32 and bfloat16 want ct2_float32.
"""
import random
import time

import ctranslate2

from measuring import TOKEN_LIMIT, measure, peer_arguments


def generator(args, model, batch):
    def generate(new_tokens, seed):
        source = random.Random(seed)
        prompts = [[f"t{source.randrange(TOKEN_LIMIT)}" for _ in range(args.prompt_tokens)]
                   for _ in range(batch)]
        start = time.perf_counter()
        results = model.generate_batch(
            prompts, max_batch_size=0, max_length=new_tokens, min_length=new_tokens, beam_size=1,
            include_prompt_in_result=False, sampling_topk=args.top_k or 1)
        seconds = time.perf_counter() - start
        written = sum(len(result.sequences_ids[0]) for result in results)
        assert written == batch * new_tokens, written
        return seconds

    return generate


def main():
    compute_types = ["int8", "int8_bfloat16", "bfloat16", "float32"]
    args = peer_arguments(__doc__.splitlines()[0], compute_types)
    model = ctranslate2.Generator(args.model, device="cpu", compute_type=args.dtype,
                                  inter_threads=1, intra_threads=args.threads)
    for batch in args.batch:
        measure(args, batch, generator(args, model, batch), peer="CTranslate2",
                version=ctranslate2.__version__, compute_type=model.compute_type)


if __name__ == "__main__":
    main()
