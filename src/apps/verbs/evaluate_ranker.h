// apps/verbs/evaluate_ranker.h - the objects `ranker`, `win-rate`, `gate` and `arena` of the verb evaluate.
#pragma once
#include <CLI/CLI.hpp>

namespace vitrine::apps {

void add_evaluate_ranker(CLI::App& evaluate, int& exit_code);
void add_evaluate_win_rate(CLI::App& evaluate, int& exit_code);
void add_evaluate_gate(CLI::App& evaluate, int& exit_code);
void add_evaluate_arena(CLI::App& evaluate, int& exit_code);

}  // namespace vitrine::apps
