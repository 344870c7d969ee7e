// The reader of LoRA files on any header: it refuses with one of our exceptions, or every pair fits its module and goes to each dialect.
#include <cmath>

#include "base/error.h"
#include "base/log.h"
#include "memory_file.h"
#include "models/lora/keys.h"
#include "models/lora/lora_file.h"

namespace {

using namespace vitrine;

models::LoraTargets tiny_targets() {
  models::SdSettings settings;
  settings.unet.block_out_channels = {4};
  settings.unet.layers_per_block = settings.unet.transformer_layers_per_block = settings.unet.num_attention_heads = {1};
  settings.unet.down_block_types = {"CrossAttnDownBlock2D"};
  settings.unet.up_block_types = {"CrossAttnUpBlock2D"};
  settings.unet.norm_num_groups = 2;
  settings.unet.cross_attention_dim = 4;
  models::ClipTextConfig text;
  text.hidden_size = text.intermediate_size = 4;
  text.num_hidden_layers = 1;
  settings.text_encoder = text;
  return models::LoraTargets(settings);
}

void check_pairs(const models::LoraFile& lora) {
  FUZZ_CHECK(!lora.pairs.empty());
  for (const models::LoraPair& pair : lora.pairs) {
    FUZZ_CHECK(pair.rank() >= 1 && std::isfinite(pair.alpha));
    FUZZ_CHECK(pair.up.shape[0] == pair.target.weight_shape[0] && pair.up.shape[1] == pair.rank());
    FUZZ_CHECK(models::parse_lora_key(models::kohya_name(pair.target) + ".alpha"));
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const models::LoraTargets targets = tiny_targets();
  set_log_level(LogLevel::off);
  const fuzz::MemoryFile memory(fuzz::safetensors_of(data, size));
  try {
    check_pairs(models::read_lora(memory.path(), targets, {.skip_missing = size % 2 == 0}));
  } catch (const Error& e) {
    FUZZ_CHECK(std::string_view(e.what()).find('\n') == std::string_view::npos);
  }
  return 0;
}
