// models/lora/lora_file.h - LoRA adapters of Stable Diffusion in files, in the dialects of kohya, diffusers and PEFT.
//
// Hu et al. 2021 (arXiv 2106.09685): the weight of a module becomes W + scale * up * down, scale = alpha / rank.
// Names of the dialects and what is refused: docs/formats/lora.md.
#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/checkpoint.h"
#include "models/lora/targets.h"
#include "models/tensor_copies.h"

namespace vitrine::models {

enum class LoraDialect { kohya, diffusers, peft };
std::string_view name_of(LoraDialect dialect);

/// The pair that adapts one module. The views live as long as the file object, or what the caller saves from.
struct LoraPair {
  LoraTarget target;
  io::TensorView down;  // A: [r, in], or [r, in, k, k]
  io::TensorView up;    // B: [out, r], or [out, r, 1, 1]
  double alpha = 0;     // such that scale() is alpha / rank, whatever the file says it by

  int64_t rank() const { return down.shape[0]; }
  double scale() const { return alpha / static_cast<double>(rank()); }
};

/// Copies share the mapped files.
struct LoraFile {
  std::filesystem::path path;
  LoraDialect dialect = LoraDialect::kohya;
  std::vector<LoraPair> pairs;
  std::map<std::string, std::string> metadata;
  std::vector<std::string> skipped;  // modules that the model does not have (skip_missing)
  std::vector<std::shared_ptr<const io::SafetensorsFile>> files;
};

struct LoraReadConfig {
  bool skip_missing = false;  // leave out modules that the model does not have, with a warning
};

/// Reads a safetensors file of any dialect, or a directory of PEFT: adapter_config.json and adapter_model.safetensors, or folders
/// unet/ and text_encoder/ that hold them.
/// Throws NotFound; Corrupt (also WGT_NONFINITE); InvalidInput, all problems in one line:
///   LORA_KIND    another kind of adapter (LoHa, LoKr, DoRA, a middle matrix, …), named
///   LORA_HALF    up without down, or down without up
///   LORA_SHAPE   ranks or sizes that do not fit each other or the module
///   LORA_TARGET  a module that the model does not have
LoraFile read_lora(const std::filesystem::path& path, const LoraTargets& targets, const LoraReadConfig& config = {});

/// SHA-256 of the base that the metadata names, in lower case: base_sha256 (own), ss_new_sd_model_hash (kohya).
std::optional<std::string> base_sha256_of(const LoraFile& lora);

/// Warns when the metadata names another base than `files`. Reads the files of the base only when there is a hash to compare.
void warn_of_other_base(const LoraFile& lora, const StableDiffusionFiles& files);

struct LoraSaveConfig {
  std::optional<io::DType> dtype = {};               // nothing = as the views are
  std::map<std::string, std::string> metadata = {};
};

/// Writes the pairs: a file of kohya or diffusers, or a directory of PEFT (made; one with folders unet/ and text_encoder/ when both are
/// adapted). Tensors keep their shapes. Throws what save_copies throws; InvalidInput when there are no pairs.
void save_lora(const std::filesystem::path& path, const std::vector<LoraPair>& pairs, LoraDialect dialect, const LoraSaveConfig& config = {});

}  // namespace vitrine::models
