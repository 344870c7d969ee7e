// recipes/convert_lora.h - `vitrine convert lora`: an adapter of Stable Diffusion from one dialect into another.
#pragma once
#include <string>

#include "base/config.h"

namespace vitrine::recipes {

struct ConvertLoraConfig {
  std::string to;
  std::string output;
  std::string model;
  bool skip_missing = false;

  void describe(FieldVisitor& v) {
    v.field("to", to, "kohya | diffusers | peft (a directory)", {"", "kohya", "diffusers", "peft"});
    v.field("output", output, "the .safetensors file, or the directory of PEFT, to write");
    v.field("model", model, "the Stable Diffusion model whose modules the names are looked up in: a directory or a single file; empty = the modules of Stable Diffusion 1.5");
    v.field("skip_missing", skip_missing, "leave out modules that the model does not have");
  }
};

/// Tensors are copied bit by bit, or rounded once; alpha stays what it is. The output appears whole or not at all.
///   dtype  float32 | float16 | bfloat16; empty = as stored
/// Throws UsageError (the output is no place for it), what read_lora and open_stable_diffusion throw, IoError.
void convert_lora(const std::string& input, const std::string& dtype, const ConvertLoraConfig& config);

}  // namespace vitrine::recipes
