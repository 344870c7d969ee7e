// apps/libexec_program.h - starts the other programs of an installation, which lie in libexec
// beside bin.
#pragma once

namespace vitrine::apps {

/// Replaces this process by libexec/`name` with the same arguments. Returns only when that fails
/// (it was not built): the cause, with `needs` ("libtorch"), is on stderr, the value is the exit
/// code.
int run_libexec_program(const char* name, const char* needs, char** argv);

}  // namespace vitrine::apps
