#include "imagery/clip_scorer.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "base/error.h"
#include "base/hash.h"
#include "models/clip/module.h"
#include "models/clip/pixels.h"
#include "models/clip/preprocess.h"
#include "text/framed_rows.h"
#include "text/tokenizer.h"

namespace vitrine::imagery {
namespace {
namespace fs = std::filesystem;

models::TensorUse use_of(const ClipScorerConfig& config) {
  VITRINE_REQUIRE(config.batch_size >= 1, "[load_clip_scorer] batch_size: expected at least 1, got ", config.batch_size);
  VITRINE_REQUIRE(config.dtype == "float32" || config.dtype == "bfloat16", "[load_clip_scorer] dtype: expected float32 or bfloat16, got '",
                  config.dtype, "'");
  return {.dtype = config.dtype == "float32" ? at::kFloat : at::kBFloat16, .device = at::Device(config.device)};
}

Language language_of(const fs::path& model_dir, const models::ClipConfig& config) {
  if (config.is_chinese()) return Language::zh;
  const fs::path manifest = model_dir / "vitrine.json";
  if (!fs::exists(manifest)) return Language::en;
  const Json json = read_json_file(manifest);
  return json.is_object() && json.value("language", Json()) == "zh" ? Language::zh : Language::en;
}

/// Of the weights, or of the list of their shards.
std::string weights_sha256(const fs::path& model_dir) {
  const fs::path whole = model_dir / "model.safetensors";
  return sha256_file(fs::exists(whole) ? whole : model_dir / "model.safetensors.index.json");
}

void require_vocabulary(const text::Tokenizer& tokenizer, const models::ClipModel& model, const fs::path& model_dir) {
  const int64_t rows = models::vocab_size_of(model.config().text);
  if (models::is_padded_vocabulary(rows, tokenizer.vocab_size())) return;
  throw Corrupt(concat("[load_clip_scorer] ", model_dir.string(), ": TOK_MISMATCH: the tokenizer has ", tokenizer.vocab_size(),
                       " tokens, the model ", rows));
}

at::Tensor unit_rows(const at::Tensor& features) {
  const at::Tensor rows = features.to(at::kFloat);
  return rows / rows.norm(2, /*dim=*/1, /*keepdim=*/true).clamp_min(1e-12);
}

class ClipScorer final : public PairScorer {
 public:
  ClipScorer(const fs::path& model_dir, const ClipScorerConfig& config)
      : config_(config),
        device_(config.device),
        model_(models::ClipModel::load(model_dir, use_of(config))),
        tokenizer_(text::load_tokenizer(model_dir)),
        preprocess_(models::read_clip_preprocess(model_dir, model_.config().vision.image_size)),
        language_(language_of(model_dir, model_.config())),
        description_{{"model", model_dir.string()}, {"sha256", weights_sha256(model_dir)}, {"tokenizer_sha256", tokenizer_->sha256()}} {
    require_vocabulary(*tokenizer_, model_, model_dir);
  }

  std::vector<double> score(std::span<const io::Picture> pictures, std::span<const std::string> texts) override {
    VITRINE_REQUIRE(pictures.size() == texts.size(), "[score] ", pictures.size(), " pictures for ", texts.size(), " texts");
    const at::NoGradGuard no_grad;
    std::vector<double> scores;
    for_each_batch(pictures.size(), [&](size_t begin, size_t count) {
      const at::Tensor cosines = (picture_rows(pictures.subspan(begin, count)) * text_rows(texts.subspan(begin, count))).sum(1);
      const at::Tensor host = cosines.to(at::kCPU, at::kDouble).contiguous();
      scores.insert(scores.end(), host.const_data_ptr<double>(), host.const_data_ptr<double>() + host.numel());
    });
    return scores;
  }

  std::vector<std::vector<double>> classify(std::span<const io::Picture> pictures, std::span<const std::string> texts) override {
    const at::NoGradGuard no_grad;
    const at::Tensor classes = text_rows(texts), scale = model_.logit_scale().exp();
    std::vector<std::vector<double>> probabilities;
    for (size_t begin = 0; begin < pictures.size(); begin += config_.batch_size) {
      const size_t count = std::min(config_.batch_size, pictures.size() - begin);
      const at::Tensor logits = scale * picture_rows(pictures.subspan(begin, count)).matmul(classes.t());  // [count, texts]
      const at::Tensor host = at::softmax(logits, -1).to(at::kCPU, at::kDouble).contiguous();
      const double* row = host.const_data_ptr<double>();
      for (size_t i = 0; i < count; ++i, row += texts.size()) probabilities.emplace_back(row, row + texts.size());
    }
    return probabilities;
  }

  std::vector<float> similarities(std::span<const io::Picture> pictures, std::span<const std::string> texts) override {
    const at::NoGradGuard no_grad;
    std::vector<at::Tensor> of_pictures, of_texts;
    for_each_batch(pictures.size(), [&](size_t begin, size_t count) { of_pictures.push_back(picture_rows(pictures.subspan(begin, count))); });
    for_each_batch(texts.size(), [&](size_t begin, size_t count) { of_texts.push_back(text_rows(texts.subspan(begin, count))); });
    if (of_pictures.empty() || of_texts.empty()) return {};
    const at::Tensor host = at::matmul(at::cat(of_texts), at::cat(of_pictures).t()).to(at::kCPU).contiguous();
    return {host.const_data_ptr<float>(), host.const_data_ptr<float>() + host.numel()};
  }

  Language language() const override { return language_; }
  Json description() const override { return description_; }

 private:
  template <typename Work>
  void for_each_batch(size_t total, const Work& work) const {
    for (size_t begin = 0; begin < total; begin += config_.batch_size) work(begin, std::min(config_.batch_size, total - begin));
  }

  at::Tensor picture_rows(std::span<const io::Picture> pictures) const {
    std::vector<at::Tensor> pixels;
    for (const io::Picture& picture : pictures) pixels.push_back(models::clip_pixels(picture, preprocess_));
    return unit_rows(model_.image_features(at::stack(pixels).to(device_)));
  }

  at::Tensor text_rows(std::span<const std::string> texts) const {
    const text::TokenRows rows = text::frame_rows(*tokenizer_, texts, models::max_tokens_of(model_.config().text));
    const at::Tensor input_ids = at::tensor(rows.input_ids, at::kLong).view({rows.num_rows, rows.length});
    const at::Tensor is_token = at::tensor(rows.is_token, at::kByte).view({rows.num_rows, rows.length}).to(at::kBool);
    return unit_rows(model_.text_features(input_ids.to(device_), is_token.to(device_)));
  }

  ClipScorerConfig config_;
  at::Device device_;
  models::ClipModel model_;
  std::unique_ptr<text::Tokenizer> tokenizer_;
  models::ClipPreprocess preprocess_;
  Language language_;
  Json description_;
};

}  // namespace

std::unique_ptr<PairScorer> load_clip_scorer(const fs::path& model_dir, const ClipScorerConfig& config) {
  return std::make_unique<ClipScorer>(model_dir, config);
}

}  // namespace vitrine::imagery
