"""Times llama.cpp by the C functions that llama-cpp-python binds, all sequences in one batch.

    peer_llama_cpp.py --model MODELS/gpt2_q8_0.gguf --dtype q8_0 --top-k 0

--top-k K takes llama.cpp's own samplers, which draw for one sequence after another on one thread;
--top-k 0 takes the likeliest tokens with numpy, which costs it less.
"""
import ctypes
import time

import llama_cpp
import numpy

from measuring import TOKEN_LIMIT, measure, peer_arguments

MICRO_BATCH = 512  # tokens of one pass, llama.cpp's default


@llama_cpp.llama_log_callback
def no_log(level, text, user_data):
    """llama.cpp reports each tensor on stderr otherwise."""


def load_model(path):
    llama_cpp.llama_log_set(no_log, ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()
    settings = llama_cpp.llama_model_default_params()
    settings.n_gpu_layers = 0
    model = llama_cpp.llama_model_load_from_file(path.encode(), settings)
    if not model:
        raise SystemExit(f"error: llama.cpp cannot load {path}")
    return model


class Sequences:
    """A context of `batch` sequences, and the tokens that go into its next pass."""

    def __init__(self, args, model, batch):
        self.size = batch
        self.prompt_tokens = args.prompt_tokens
        self.vocab_size = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))
        self.context = llama_cpp.llama_init_from_model(model, self.context_settings(args, batch))
        if not self.context:
            raise SystemExit(f"error: llama.cpp makes no context for {batch} sequences")
        self.pass_input = llama_cpp.llama_batch_init(self.pass_tokens(args, batch), 0, 1)
        self.samplers = []  # none: greedy
        if args.top_k:
            self.samplers = [self.make_sampler(args.top_k, seed) for seed in range(batch)]

    @staticmethod
    def pass_tokens(args, batch):
        return max(MICRO_BATCH, batch * args.prompt_tokens)

    @classmethod
    def context_settings(cls, args, batch):
        settings = llama_cpp.llama_context_default_params()
        # llama.cpp rounds the part of each sequence up to a multiple of 256.
        settings.n_ctx = batch * -(-(args.prompt_tokens + args.new_tokens) // 256) * 256
        settings.n_batch = cls.pass_tokens(args, batch)
        settings.n_ubatch = MICRO_BATCH
        settings.n_seq_max = batch
        settings.n_threads = settings.n_threads_batch = args.threads
        settings.no_perf = True
        settings.kv_unified = False
        return settings

    @staticmethod
    def make_sampler(top_k, seed):
        chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
        llama_cpp.llama_sampler_chain_add(chain, llama_cpp.llama_sampler_init_top_k(top_k))
        llama_cpp.llama_sampler_chain_add(chain, llama_cpp.llama_sampler_init_dist(seed))
        return chain

    def decode(self, tokens):
        """One pass. tokens: (token, position, sequence, are its logits wanted?)."""
        self.pass_input.n_tokens = len(tokens)
        for i, (token, position, sequence, wanted) in enumerate(tokens):
            self.pass_input.token[i] = token
            self.pass_input.pos[i] = position
            self.pass_input.n_seq_id[i] = 1
            self.pass_input.seq_id[i][0] = sequence
            self.pass_input.logits[i] = wanted
        status = llama_cpp.llama_decode(self.context, self.pass_input)
        assert status == 0, status

    def choose(self, rows):
        """The next token of each sequence; rows: where its logits lie in the last pass."""
        if self.samplers:
            return [llama_cpp.llama_sampler_sample(sampler, self.context, row)
                    for sampler, row in zip(self.samplers, rows)]
        logits = numpy.ctypeslib.as_array(llama_cpp.llama_get_logits(self.context),
                                          shape=(self.size, self.vocab_size))
        return logits.argmax(1).tolist()

    def generate(self, new_tokens, seed):
        """Seconds for new random prompts and new_tokens tokens after each."""
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.context), True)
        length, last = self.prompt_tokens, self.prompt_tokens - 1
        shape = (self.size, length)
        prompts = numpy.random.default_rng(seed).integers(0, TOKEN_LIMIT, shape).tolist()
        start = time.perf_counter()
        self.decode([(token, position, sequence, position == last)
                     for sequence, prompt in enumerate(prompts)
                     for position, token in enumerate(prompt)])
        chosen = self.choose([sequence * length + last for sequence in range(self.size)])
        for position in range(length, length + new_tokens - 1):
            self.decode([(token, position, sequence, True)
                         for sequence, token in enumerate(chosen)])
            chosen = self.choose(range(self.size))
        return time.perf_counter() - start

    def close(self):
        for sampler in self.samplers:
            llama_cpp.llama_sampler_free(sampler)
        llama_cpp.llama_batch_free(self.pass_input)
        llama_cpp.llama_free(self.context)


def main():
    args = peer_arguments(__doc__.splitlines()[0], ["q8_0", "bf16"])
    model = load_model(args.model)
    for batch in args.batch:
        sequences = Sequences(args, model, batch)
        measure(args, batch, sequences.generate, peer="llama.cpp",
                version=f"llama-cpp-python {llama_cpp.__version__}")
        sequences.close()


if __name__ == "__main__":
    main()
