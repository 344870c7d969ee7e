// recipes/convert_sd.h - `vitrine convert sd`: a Stable Diffusion model from one layout into the other, or into another type.
#pragma once
#include <string>

#include "base/config.h"

namespace vitrine::recipes {

struct ConvertSdConfig {
  std::string to;
  std::string output;
  bool average = false;
  std::string prediction_type;
  std::string settings_from;

  void describe(FieldVisitor& v) {
    v.field("to", to, "diffusers (a directory) | single-file (LDM names)", {"", "diffusers", "single-file"});
    v.field("output", output, "the directory or the .safetensors file to write");
    v.field("average", average, "take the averaged UNet (model_ema.) of a single file");
    v.field("prediction_type", prediction_type, "what the UNet of a single file predicts, where it does not say it itself", {"", "epsilon", "v_prediction"});
    v.field("settings_from", settings_from, "a diffusers directory whose settings a single file has, where neither metadata nor shapes tell them");
  }
};

/// Reads and checks all parts, then writes the output whole or not at all. Numbers are copied bit by bit, or rounded once.
///   dtype  float32 | float16 | bfloat16; empty = as stored
/// Throws UsageError (the output is no place for it), InvalidInput (a single file of a model whose tokenizer is not CLIP's), what open_stable_diffusion and load_stable_diffusion_weights throw, IoError.
void convert_sd(const std::string& input, const std::string& dtype, const ConvertSdConfig& config);

}  // namespace vitrine::recipes
