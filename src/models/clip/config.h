// models/clip/config.h - the settings of CLIP and of text encoders, as their config.json names them.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>

#include "base/json.h"
#include "models/bert/config.h"

namespace vitrine::models {

/// Defaults are those of the transformers library, which leaves them out of some files.
struct ClipTextConfig {
  int64_t vocab_size = 49408;
  int64_t hidden_size = 512;
  int64_t intermediate_size = 2048;
  int64_t projection_dim = 512;
  int64_t num_hidden_layers = 12;
  int64_t num_attention_heads = 8;
  int64_t max_position_embeddings = 77;
  double layer_norm_eps = 1e-5;
  std::string hidden_act = "quick_gelu";  // quick_gelu | gelu | gelu_new
  int64_t bos_token_id = 49406;
  int64_t eos_token_id = 49407;  // 2 = of older files, which mean the highest id of a text
  int64_t pad_token_id = 1;
};

struct ClipVisionConfig {
  int64_t hidden_size = 768;
  int64_t intermediate_size = 3072;
  int64_t projection_dim = 512;
  int64_t num_hidden_layers = 12;
  int64_t num_attention_heads = 12;
  int64_t num_channels = 3;
  int64_t image_size = 224;  // pixels
  int64_t patch_size = 32;   // pixels
  double layer_norm_eps = 1e-5;
  std::string hidden_act = "quick_gelu";  // quick_gelu | gelu | gelu_new

  int64_t num_patches() const { return (image_size / patch_size) * (image_size / patch_size); }
};

/// The text side of a model with pictures: CLIP's own or a BERT (Chinese-CLIP, Chinese Stable Diffusion).
using TextConfig = std::variant<ClipTextConfig, BertConfig>;

int64_t width_of(const TextConfig& config);       // C of its hidden states
int64_t max_tokens_of(const TextConfig& config);  // T at most
int64_t vocab_size_of(const TextConfig& config);

struct ClipConfig {
  TextConfig text;  // BertConfig = Chinese-CLIP
  ClipVisionConfig vision;
  int64_t projection_dim = 512;            // of both features
  double logit_scale_init_value = 2.6592;  // log 14.3

  bool is_chinese() const { return std::holds_alternative<BertConfig>(text); }
};

/// These throw InvalidInput, naming `where`, the field and its value: a size below 1, a width that is no multiple of
/// the heads, a patch larger than the picture, an unknown activation, an epsilon <= 0.
void validate(const ClipTextConfig& config, std::string_view where);
void validate(const ClipVisionConfig& config, std::string_view where);
void validate(const ClipConfig& config, std::string_view where);

/// Reads and validates config.json with model_type clip or chinese_clip. Absent fields keep their defaults;
/// `text_config_dict` and `vision_config_dict` of older files replace what `text_config` and `vision_config` say, as
/// in transformers. Fields that are not used are ignored.
/// Throws NotFound, Corrupt (not JSON), InvalidInput (another model_type, wrong type or value).
ClipConfig read_clip_config(const std::filesystem::path& model_dir);

/// The same from JSON. `where` names the file in messages.
ClipConfig clip_config_from_json(const Json& json, std::string_view where);

/// The text side of any model_type that has one: clip_text_model, clip, chinese_clip, chinese_clip_text_model, bert.
/// Throws as read_clip_config.
TextConfig read_text_config(const std::filesystem::path& model_dir);
TextConfig text_config_from_json(const Json& json, std::string_view where);

/// A config.json that transformers of before and after version 5 read.
///   dtype  of the weights beside it: "float32" or "bfloat16"
Json to_json(const ClipConfig& config, std::string_view dtype);
Json to_json(const TextConfig& config, std::string_view dtype);

}  // namespace vitrine::models
