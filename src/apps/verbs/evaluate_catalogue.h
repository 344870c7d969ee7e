// apps/verbs/evaluate_catalogue.h - the object `catalogue` of the verb evaluate.
#pragma once
#include <CLI/CLI.hpp>

namespace vitrine::apps {

void add_evaluate_catalogue(CLI::App& evaluate, int& exit_code);

}  // namespace vitrine::apps
