"""Times generate() of transformers on torch.

    peer_transformers.py --model MODELS/hf --dtype bfloat16
"""
import time

import torch
import transformers

from measuring import TOKEN_LIMIT, measure, peer_arguments


def generator(args, model, batch):
    sampling = (dict(do_sample=True, top_k=args.top_k, top_p=1.0) if args.top_k
                else dict(do_sample=False))
    end_of_text = model.config.eos_token_id

    def generate(new_tokens, seed):
        torch.manual_seed(seed)
        input_ids = torch.randint(0, TOKEN_LIMIT, (batch, args.prompt_tokens))
        start = time.perf_counter()
        output = model.generate(
            input_ids, attention_mask=torch.ones_like(input_ids), max_new_tokens=new_tokens,
            min_new_tokens=new_tokens, pad_token_id=end_of_text, use_cache=True, **sampling)
        seconds = time.perf_counter() - start
        assert output.shape == (batch, args.prompt_tokens + new_tokens), output.shape
        return seconds

    return generate


def main():
    args = peer_arguments(__doc__.splitlines()[0], ["bfloat16", "float32"])
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(args.threads)
    torch.set_grad_enabled(False)
    model = transformers.GPT2LMHeadModel.from_pretrained(
        args.model, dtype=getattr(torch, args.dtype)).eval()
    for batch in args.batch:
        measure(args, batch, generator(args, model, batch), peer="transformers",
                version=transformers.__version__, torch=torch.__version__,
                attention=model.config._attn_implementation)


if __name__ == "__main__":
    main()
