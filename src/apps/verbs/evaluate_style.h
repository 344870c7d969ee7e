// apps/verbs/evaluate_style.h - the object `style` of the verb evaluate.
#pragma once
#include <CLI/CLI.hpp>

namespace vitrine::apps {

void add_evaluate_style(CLI::App& evaluate, int& exit_code);

}  // namespace vitrine::apps
