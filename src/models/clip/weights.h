// models/clip/weights.h - which tensors a CLIP checkpoint holds, and how they are found under the names of others.
//
// Own names are those of the transformers library: text_model.…, vision_model.…, text_projection.weight,
// visual_projection.weight, logit_scale; linear weights [out, in].
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "models/clip/config.h"
#include "models/weights.h"

namespace vitrine::models {

/// Of a text side, by their names inside text_model.
std::vector<WeightSpec> text_weight_specs(const TextConfig& config);
/// Of the whole model.
std::vector<WeightSpec> clip_weight_specs(const ClipConfig& config);
/// The name of the vocabulary matrix inside text_model.
std::string_view vocabulary_matrix_of(const TextConfig& config);

/// Where one of our tensors lies in a stored one.
struct TensorPart {
  std::string name;                // own name
  int64_t part = 0, parts = 1;     // part `part` of `parts` equal ones along the first dimension
  bool transposed = false;         // stored [in, out]
};

/// What a stored name stands for; empty = a buffer that is ignored. Known are
///   transformers   as above, also without text_model. (text side only); buffers position_ids; LayerNorm.gamma and beta
///   OpenAI         token_embedding.weight, transformer.resblocks.N.…, visual.…: q, k and v lie in one tensor,
///                  text_projection and visual.proj are [in, out]; OpenCLIP's text side has the same names
///   Chinese-CLIP   bert.… for the text side, visual.…; all may begin with module.
/// Any other name stands for itself.
std::vector<TensorPart> clip_tensor_parts(std::string_view stored);

struct ClipWeights {
  Weights weights;                              // by own names; bytes as stored
  std::unordered_set<std::string> transposed;   // own names of matrices stored [in, out]
};

/// Finds every tensor of clip_weight_specs in a directory, under any of the names above.
/// Throws what open_checkpoint and WeightMatcher::finish throw.
/// known_finite: the values have been checked before and are not read.
ClipWeights load_clip_weights(const std::filesystem::path& model_dir, const ClipConfig& config, bool known_finite = false);

/// Finds every tensor of text_weight_specs, in a directory of a text encoder or of a whole CLIP, whose other side is
/// ignored. A pooler, a text projection and the heads BERT was pretrained with (cls.…) are ignored too. Throws as load_clip_weights.
ClipWeights load_text_weights(const std::filesystem::path& model_dir, const TextConfig& config, bool known_finite = false);

/// The same of an opened file, such as one that holds a whole Stable Diffusion.
///   where   the file, for messages
///   prefix  of all its names, "cond_stage_model.transformer." or "cond_stage_model.model."; other tensors are ignored
/// One layer more than the config asks for is ignored: Stable Diffusion 2 does not use the last one.
ClipWeights match_text_weights(std::shared_ptr<const io::Checkpoint> checkpoint, const std::filesystem::path& where,
                               const TextConfig& config, std::string_view prefix, bool known_finite = false);

/// The settings of a text side in a file that has no config.json, read off the shapes under `prefix`.
/// OpenAI's and Stable Diffusion's: heads of 64, and
///   names of transformers (Stable Diffusion 1)  all layers, quick_gelu
///   names of OpenCLIP (Stable Diffusion 2)      all layers but the last, gelu
/// Throws NotFound when there is no token embedding under `prefix`, InvalidInput for shapes that do not fit.
ClipTextConfig clip_text_config_of(const io::Checkpoint& checkpoint, std::string_view prefix, std::string_view where);

}  // namespace vitrine::models
