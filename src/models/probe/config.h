// models/probe/config.h - the settings of the attribute probe: a small convolutional classifier of product pictures.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace vitrine::models {

struct ProbeConfig {
  int64_t width = 128, height = 128;  // pixels of the pictures it was trained on
  std::vector<int64_t> block_out_channels = {32, 64, 128, 192};  // each level halves the side
  int64_t layers_per_block = 1;
  int64_t norm_num_groups = 16;
  std::vector<std::string> classes = {};  // in order of the logits
};

/// Throws InvalidInput, naming `where`, the field and its value.
void validate(const ProbeConfig& config, std::string_view where);

/// Reads and validates DIR/config.json. Throws NotFound, Corrupt (not JSON), InvalidInput.
ProbeConfig read_probe_config(const std::filesystem::path& model_dir);
ProbeConfig probe_config_from_json(const Json& json, std::string_view where);
Json to_json(const ProbeConfig& config);

}  // namespace vitrine::models
