#include "models/ranker/weights.h"

#include "base/error.h"
#include "io/checkpoint.h"

namespace vitrine::models {

Gpt2Config read_ranker_config(const std::filesystem::path& model_dir) {
  Gpt2Config config = read_gpt2_config(model_dir);
  config.tie_word_embeddings = true;
  return config;
}

Gpt2Weights load_ranker_weights(const std::filesystem::path& model_dir, const Gpt2Config& config,
                                bool known_finite) {
  const io::Checkpoint checkpoint = io::open_checkpoint(model_dir);
  const io::TensorView* head = checkpoint.find("score.weight");
  VITRINE_REQUIRE(head != nullptr, "[load_ranker_weights] ", model_dir.string(),
                  ": no score.weight: this is not a ranking model "
                  "(GPT2ForSequenceClassification with one label)");
  VITRINE_REQUIRE(head->shape.size() != 2 || head->shape[0] == 1, "[load_ranker_weights] ",
                  model_dir.string(), ": score.weight has ", head->shape[0],
                  " labels, a ranking model has one");
  const WeightSpec spec{"score.weight", {1, config.n_embd}};
  return load_gpt2_weights(model_dir, config, std::span(&spec, 1), known_finite);
}

}  // namespace vitrine::models
