// New rows of the vocabulary learn; everything else stays as it is (Gal et al. 2022, arXiv 2208.01618).
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "base/error.h"
#include "models/clip/weights.h"
#include "models/text_encoder.h"
#include "models/textual_inversion.h"
#include "recipes/picture_learner.h"
#include "recipes/picture_tokenizer.h"
#include "text/tokenizer_spec.h"

namespace vitrine::recipes {
namespace {

constexpr const char* kRows = "rows";
constexpr const char* kVerb = "[train textual-inversion] ";

/// The text encoder's tensors, with new rows behind its vocabulary.
class ExtendedTensors final : public nn::TensorSource {
 public:
  ExtendedTensors(const nn::TensorSource& base, std::string matrix, const nn::ParameterStore& rows) : base_(&base), matrix_(std::move(matrix)), rows_(&rows) {}
  at::Tensor get(const std::string& name) const override {
    const at::Tensor tensor = base_->get(name);
    return name == matrix_ ? at::cat({tensor, rows_->value(kRows).to(tensor.scalar_type())}) : tensor;
  }
  bool has(const std::string& name) const override { return base_->has(name); }

 private:
  const nn::TensorSource* base_;
  std::string matrix_;
  const nn::ParameterStore* rows_;
};

/// The placeholder as several tokens: <my-dress>, <my-dress>_1, …, as diffusers names them.
std::string token_name(const std::string& placeholder, int64_t i) { return i == 0 ? placeholder : concat(placeholder, "_", i); }

/// A word is known by its own spelling, and as a text: CLIP stores "dress</w>". What only becomes [UNK] is new.
bool is_known(const text::Tokenizer& tokenizer, const std::string& word) {
  if (tokenizer.token_to_id(word)) return true;
  const std::vector<int32_t> ids = tokenizer.encode(word);
  return ids.size() == 1 && ids.front() != tokenizer.special().unk;
}

text::TokenizerSpec with_placeholder(const LoadedModel& model, const TrainTextualInversionConfig& config) {
  text::TokenizerSpec spec = text::read_tokenizer_spec(picture_tokenizer_dir(model.files));
  for (int64_t i = 0; i < config.num_vectors; ++i) {
    const std::string word = token_name(config.placeholder_token, i);
    if (is_known(*model.tokenizer, word)) throw UsageError(concat(kVerb, "--placeholder-token: ", word, " is a token of the model already; expected a new word, such as <", word, ">"));
  }
  for (int64_t i = 0; i < config.num_vectors; ++i) text::add_token(spec, {.content = token_name(config.placeholder_token, i)});
  return spec;
}

/// One token that every new row begins as, or one for each of them.
std::vector<int32_t> initializer_ids(const text::Tokenizer& tokenizer, const TrainTextualInversionConfig& config) {
  const std::vector<int32_t> ids = tokenizer.encode(config.initializer_token);
  const auto count = static_cast<int64_t>(ids.size());
  const bool is_unknown = std::any_of(ids.begin(), ids.end(), [&](int32_t id) { return id == tokenizer.special().unk; });
  if (!is_unknown && (count == 1 || count == config.num_vectors)) return ids;
  throw UsageError(concat(kVerb, "--initializer-token: expected a word of one token", config.num_vectors > 1 ? concat(" or of ", config.num_vectors) : "", ", '",
                          config.initializer_token, "' ", is_unknown ? "is unknown to the model" : concat("has ", count)));
}

class TextualInversionLearner final : public PictureLearner {
 public:
  TextualInversionLearner(const LoadedModel& model, const TrainTextualInversionConfig& config)
      : model_(model), config_(config), tokenizer_(text::make_tokenizer(with_placeholder(model, config))),
        matrix_(concat("text_model.", models::vocabulary_matrix_of(model.files.settings.text_encoder))),
        parameters_({{kRows, {config.num_vectors, model.parts.text_encoder.width()}, /*decay=*/false}}, model.device),
        text_(model.parts.text_encoder.tensors().source(), matrix_, parameters_) {
    const std::vector<int32_t> ids = initializer_ids(*model.tokenizer, config);
    const at::NoGradGuard no_grad;
    const at::Tensor known = model.parts.text_encoder.tensors().value(matrix_);
    for (int64_t i = 0; i < config.num_vectors; ++i) {
      parameters_.value(kRows).detach()[i].copy_(known[ids[static_cast<size_t>(i) % ids.size()]]);
    }
  }

  nn::ParameterStore& parameters() override { return parameters_; }
  void weights_changed() override {}
  const nn::TensorSource& unet() const override { return model_.parts.unet; }
  at::Tensor text_states(const at::Tensor& input_ids) const override { return model_.parts.text_encoder.states(input_ids, {.source = &text_}); }
  const text::Tokenizer& tokenizer() const override { return *tokenizer_; }
  diffusion::Networks networks() const override {
    return {.text_encoder = model_.parts.text_encoder, .unet_config = model_.files.settings.unet, .unet = model_.parts.unet,
            .vae_config = model_.files.settings.vae, .vae = model_.parts.vae, .device = model_.device, .adapted_text = &text_};
  }
  void save(const SaveLearner& to) const override {
    const at::Tensor rows = parameters_.value(kRows).detach().cpu().contiguous();
    const float* data = rows.const_data_ptr<float>();
    models::save_token_embeddings(to.folder / "learned_embeds.safetensors",
                                  {{config_.placeholder_token, rows.size(0), rows.size(1), {data, data + rows.numel()}}}, models::EmbeddingLayout::diffusers,
                                  to.metadata);
  }
  std::vector<std::string> saved_names() const override { return {"learned_embeds.safetensors"}; }

 private:
  const LoadedModel& model_;
  const TrainTextualInversionConfig& config_;
  std::unique_ptr<text::Tokenizer> tokenizer_;
  std::string matrix_;
  nn::ParameterStore parameters_;
  ExtendedTensors text_;
};

}  // namespace

std::unique_ptr<PictureLearner> make_textual_inversion_learner(const LoadedModel& model, const TrainTextualInversionConfig& config) {
  return std::make_unique<TextualInversionLearner>(model, config);
}

}  // namespace vitrine::recipes
