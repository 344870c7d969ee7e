#include "recipes/general_prompts.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "base/file.h"
#include "base/resource.h"
#include "recipes/picture_model.h"
#include "recipes/picture_tokenizer.h"
#include "train/caption_batch.h"
#include "train/caption_ids.h"

namespace vitrine::recipes {
namespace {

at::Tensor states_of(const models::TextEncoder& encoder, const text::Tokenizer& tokenizer, const std::vector<std::string>& prompts, const at::Device& device,
                     const nn::TensorSource* adapted) {
  const at::NoGradGuard no_grad;
  return encoder.states(prompt_ids(tokenizer, prompts, encoder.max_tokens()).to(device), {.source = adapted}).to(at::kFloat);
}

}  // namespace

std::vector<std::string> general_prompts() {
  std::vector<std::string> lines;
  const std::string text = read_file(resource_path("rules/pictures/general_prompts.txt"));
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    if (!line.empty() && line.front() != '#') lines.push_back(line);
    begin = end + 1;
  }
  return lines;
}

at::Tensor prompt_ids(const text::Tokenizer& tokenizer, const std::vector<std::string>& prompts, int64_t max_tokens) {
  std::vector<std::vector<int32_t>> rows;
  for (const std::string& prompt : prompts) rows.push_back(train::caption_ids(tokenizer, prompt, max_tokens));
  return train::ids_tensor(rows);
}

at::Tensor states_of_prompts(const LoadedModel& model, const std::vector<std::string>& prompts, const nn::TensorSource* adapted) {
  return states_of(model.parts.text_encoder, *model.tokenizer, prompts, model.device, adapted);
}

at::Tensor states_of_prompts_at(const std::string& name, const std::vector<std::string>& prompts, const LoadedModel& like) {
  const models::StableDiffusionFiles files = models::open_stable_diffusion(find_picture_model(name));
  const auto tokenizer = load_picture_tokenizer(files);
  const models::TextEncoder encoder(files.settings.text_encoder, models::load_text_weights(files), {.dtype = like.dtype, .device = like.device});
  return states_of(encoder, *tokenizer, prompts, like.device, nullptr);
}

}  // namespace vitrine::recipes
