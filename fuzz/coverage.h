// fuzz/coverage.h - which branches an input took, where the compiler marks them (preset `fuzz`: -fsanitize-coverage=trace-pc).
//
// A branch is two marks that follow each other, hashed into a table; how often it was taken counts by powers of two. That an input took a branch,
// or took it more often, makes it worth keeping. Source of the scheme: AFL's technical notes (Zalewski).
#pragma once
#include <cstddef>

namespace vitrine::fuzz {

void begin_input();
/// Whether the input took a branch, or took it as often, as none did before. Without marks never.
bool end_input();
/// Branches that were taken so far.
size_t branches();

}  // namespace vitrine::fuzz
