// recipes/general_prompts.h - how far a text encoder has moved on prompts of things that shop pictures do not show.
#pragma once
#include <string>
#include <vector>

#include "recipes/picture_learner.h"

namespace vitrine::recipes {

/// Lines of rules/pictures/general_prompts.txt without comments.
std::vector<std::string> general_prompts();

/// [G, T] int64, each prompt cut to max_tokens.
at::Tensor prompt_ids(const text::Tokenizer& tokenizer, const std::vector<std::string>& prompts, int64_t max_tokens);

/// States [G, T, C] of the prompts without gradient, by the model's own text encoder.
///   adapted  in place of its tensors; nullptr = none
at::Tensor states_of_prompts(const LoadedModel& model, const std::vector<std::string>& prompts, const nn::TensorSource* adapted = nullptr);

/// The same of the text encoder of a Stable Diffusion model, named as find_picture_model takes it, computed as `like` is. Throws what find_picture_model
/// and open_stable_diffusion throw.
at::Tensor states_of_prompts_at(const std::string& name, const std::vector<std::string>& prompts, const LoadedModel& like);

}  // namespace vitrine::recipes
