// apps/torch_program.h - how `vitrine` hands a verb to the program that links libtorch.
//
// `vitrine` starts in milliseconds because it does not link libtorch; loading that takes 0.2 s and 100 MB.
#pragma once

namespace vitrine::apps {

/// Whether the command line names a verb of vitrine-torch: train, bench train, or --engine torch.
bool needs_torch(int argc, char** argv);

/// Replaces this process by ../libexec/vitrine-torch of the program's folder, same arguments. Returns an
/// exit code only when that program is not there: one line on stderr says so.
int run_torch_program(char** argv);

}  // namespace vitrine::apps
