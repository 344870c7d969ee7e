// imagery/comfyui_prompt.h - settings out of a ComfyUI graph (PNG text "prompt"). Read only.
#pragma once
#include <optional>

#include "base/json.h"
#include "imagery/picture_record.h"

namespace vitrine::imagery {

/// By the nodes' classes: the sampler node, the texts that it is linked with, the checkpoint and
/// the LoRA files on the way, the size of the empty latents. Nothing when no node samples.
std::optional<RestoredSettings> restore_from_comfyui(const Json& graph);

}  // namespace vitrine::imagery
