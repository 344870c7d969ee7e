// apps/torch_program.h - hands verbs that need libtorch to the second program, libexec/vitrine-torch.
#pragma once

namespace vitrine::apps {

/// Whether these arguments are a verb of vitrine-torch: train, align, draw, draw-worker, bench train, score clip,
/// score copy with --engine torch, curate images with --clip-model.
bool needs_torch(int argc, const char* const* argv);

/// Replaces this process by vitrine-torch with the same arguments. Returns only when that fails (it
/// was not built): the cause is on stderr, the value is the exit code.
int run_torch_program(char** argv);

}  // namespace vitrine::apps
