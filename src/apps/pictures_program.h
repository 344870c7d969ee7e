// apps/pictures_program.h - hands verbs that read or write pictures to libexec/vitrine-pictures:
// libvips and the hundred libraries that it brings would make every start of `vitrine` ten times as
// long.
#pragma once

namespace vitrine::apps {

/// Whether these arguments are a verb of vitrine-pictures: curate images, label, verify, recall. Asked behind needs_torch.
bool needs_pictures(int argc, const char* const* argv);

/// Replaces this process by vitrine-pictures with the same arguments; as run_torch_program.
int run_pictures_program(char** argv);

}  // namespace vitrine::apps
