// apps/verbs.h - one function a verb, each in its own file in apps/verbs/.
#pragma once
#include <CLI/CLI.hpp>

namespace vitrine::apps {

void register_align(CLI::App& app, int& exit_code);
void register_backup(CLI::App& app, int& exit_code);
void register_bench_pictures(CLI::App& app, int& exit_code);
void register_bench_serve(CLI::App& app, int& exit_code);
void register_bench_train(CLI::App& app, int& exit_code);
void register_bench_write(CLI::App& app, int& exit_code);
void register_check(CLI::App& app, int& exit_code);
void register_convert(CLI::App& app, int& exit_code);
void register_curate(CLI::App& app, int& exit_code);
void register_curate_pictures(CLI::App& app, int& exit_code);
void register_curate_torch(CLI::App& app, int& exit_code);
void register_draw(CLI::App& app, int& exit_code);
void register_draw_worker(CLI::App& app, int& exit_code);
void register_evaluate(CLI::App& app, int& exit_code);
void register_export(CLI::App& app, int& exit_code);
void register_import(CLI::App& app, int& exit_code);
void register_label(CLI::App& app, int& exit_code);
void register_points(CLI::App& app, int& exit_code);
void register_recall(CLI::App& app, int& exit_code);
void register_score(CLI::App& app, int& exit_code);
void register_serve(CLI::App& app, int& exit_code);
void register_evaluate_images(CLI::App& app, int& exit_code);
void register_score_torch(CLI::App& app, int& exit_code);
void register_train(CLI::App& app, int& exit_code);
void register_verify(CLI::App& app, int& exit_code);
void register_write(CLI::App& app, int& exit_code);

/// Verbs of vitrine-torch as `vitrine --help` lists them; vitrine hands them over before it parses.
void list_align(CLI::App& app, int& exit_code);
void list_bench_torch(CLI::App& app, int& exit_code);
void list_evaluate_images(CLI::App& app, int& exit_code);
void list_draw(CLI::App& app, int& exit_code);
void list_score_clip(CLI::App& app, int& exit_code);
void list_train(CLI::App& app, int& exit_code);

/// Verbs of vitrine-pictures, likewise.
void list_curate_images(CLI::App& app, int& exit_code);
void list_label(CLI::App& app, int& exit_code);
void list_recall(CLI::App& app, int& exit_code);
void list_verify(CLI::App& app, int& exit_code);

}  // namespace vitrine::apps
