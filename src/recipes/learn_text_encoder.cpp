// The text encoder learns; UNet and VAE do not. Its vocabulary may get tokens for the captions.
#include <ATen/ATen.h>

#include "base/error.h"
#include "base/random.h"
#include "models/clip/config.h"
#include "models/clip/weights.h"
#include "models/tensor_files.h"
#include "models/text_encoder.h"
#include "recipes/picture_learner.h"
#include "recipes/picture_tokenizer.h"
#include "text/clip_bpe_trainer.h"
#include "text/tokenizer_spec.h"
#include "train/contrastive_loss.h"

namespace vitrine::recipes {
namespace {

constexpr double kFirstLogitScale = 2.6592600369327783;  // ln(1 / 0.07): where CLIP began

models::TextHead head_of(const TrainTextEncoderConfig& config) {
  if (!config.is_contrastive()) return {};
  return {models::read_clip_config(config.judges.clip).projection_dim, kFirstLogitScale};
}

/// The tokenizer of the run, and the rows that its new tokens begin as.
struct Vocabulary {
  text::TokenizerSpec spec;
  models::NewTokens new_tokens;
};

Vocabulary vocabulary_of(const LoadedModel& model, const TrainTextEncoderConfig& config, const std::vector<std::string>& captions) {
  Vocabulary vocabulary{text::read_tokenizer_spec(picture_tokenizer_dir(model.files)), {}};
  if (config.new_tokens == 0) return vocabulary;
  text::ExtendedTokenizer extended = text::extend_clip_bpe(std::move(vocabulary.spec), captions, static_cast<int>(config.new_tokens));
  vocabulary.spec = std::move(extended.spec);
  vocabulary.new_tokens = {std::move(extended.pieces), RandomKey(static_cast<uint64_t>(config.common.train.seed)).fold_in("new tokens")};
  return vocabulary;
}

class TextEncoderLearner final : public PictureLearner {
 public:
  TextEncoderLearner(const LoadedModel& model, const TrainTextEncoderConfig& config, const std::vector<std::string>& captions)
      : TextEncoderLearner(model, config, vocabulary_of(model, config, captions), captions) {}

  nn::ParameterStore& parameters() override { return encoder_.tensors().parameters(); }
  void weights_changed() override {
    if (has_head_) train::clamp_logit_scale(encoder_.logit_scale());
    encoder_.tensors().weights_changed();
  }
  const nn::TensorSource& unet() const override { return model_.parts.unet; }
  at::Tensor text_states(const at::Tensor& input_ids) const override { return encoder_.states(input_ids); }
  const text::Tokenizer& tokenizer() const override { return *tokenizer_; }
  diffusion::Networks networks() const override {
    return {.text_encoder = encoder_, .unet_config = model_.files.settings.unet, .unet = model_.parts.unet, .vae_config = model_.files.settings.vae,
            .vae = model_.parts.vae, .device = model_.device};
  }
  models::TextEncoder* encoder_with_head() override { return has_head_ ? &encoder_ : nullptr; }
  void save(const SaveLearner& to) const override {
    encoder_.save(to.folder / "text_encoder", to.dtype, to.metadata);
    if (has_head_) {
      models::save_tensors(to.folder / kTextProjectionFile, {{models::TextEncoder::kTextProjection, encoder_.projection()},
                                                             {models::TextEncoder::kLogitScale, encoder_.logit_scale().detach()}}, to.dtype, to.metadata);
    }
    text::save_tokenizer(to.folder / "tokenizer", vocabulary_of(model_, config_, captions_).spec);  // a spec is used up by its tokenizer
  }
  std::vector<std::string> saved_names() const override { return {"text_encoder", "tokenizer"}; }

 private:
  TextEncoderLearner(const LoadedModel& model, const TrainTextEncoderConfig& config, Vocabulary vocabulary, const std::vector<std::string>& captions)
      : model_(model), config_(config), captions_(captions), tokenizer_(text::make_tokenizer(std::move(vocabulary.spec))),
        has_head_(config.is_contrastive()),
        encoder_(model.files.settings.text_encoder, models::load_text_weights(model.files), {.trained = true, .dtype = model.dtype, .device = model.device},
                 vocabulary.new_tokens, head_of(config)) {}

  const LoadedModel& model_;
  const TrainTextEncoderConfig& config_;
  std::vector<std::string> captions_;  // what new tokens are learned from
  std::unique_ptr<text::Tokenizer> tokenizer_;
  bool has_head_;
  models::TextEncoder encoder_;
};

}  // namespace

std::unique_ptr<PictureLearner> make_text_encoder_learner(const LoadedModel& model, const TrainTextEncoderConfig& config,
                                                          const std::vector<std::string>& captions) {
  return std::make_unique<TextEncoderLearner>(model, config, captions);
}

}  // namespace vitrine::recipes
