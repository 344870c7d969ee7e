// apps/verbs/curate_images.h - `curate images`, in two programs: with a CLIP model vitrine-torch runs it, else vitrine-pictures.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "apps/command_line.h"
#include "imagery/pair_scorer.h"

namespace vitrine::apps {

/// What a program can do for the filter clip.
struct ClipSupport {
  std::function<std::unique_ptr<imagery::PairScorer>(const std::string& model, const CommonOptions& common)> load;  // empty: nothing
  Honours honours;
};

void add_curate_images(CLI::App& curate, int& exit_code, const ClipSupport& clip);

}  // namespace vitrine::apps
