#include "models/diffusers_files.h"

#include <string>
#include <vector>

#include "base/error.h"

namespace vitrine::models {
namespace {

constexpr std::string_view kHowToConvert =
    "python -c \"from diffusers import DiffusionPipeline as P; P.from_pretrained('OLD').save_pretrained('NEW')\"";

}  // namespace

std::shared_ptr<const io::Checkpoint> open_diffusers_checkpoint(const std::filesystem::path& part_dir, std::string_view stem) {
  std::vector<std::string> names;
  for (const char* ending : {".safetensors", ".safetensors.index.json", ".fp16.safetensors", ".safetensors.index.fp16.json",
                             ".fp16.safetensors.index.json"}) {
    names.push_back(concat(stem, ending));
  }
  return std::make_shared<const io::Checkpoint>(io::open_checkpoint(part_dir, names, kHowToConvert));
}

}  // namespace vitrine::models
