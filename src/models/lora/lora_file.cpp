#include "models/lora/lora_file.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <iterator>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "models/lora/adapter_config.h"
#include "models/lora/keys.h"

namespace vitrine::models {
namespace {

namespace fs = std::filesystem;

constexpr const char *kPeftFile = "adapter_model.safetensors", *kPeftConfig = "adapter_config.json";
constexpr const char* kDiffusersMetadata = "lora_adapter_metadata";
constexpr size_t kMaxListed = 10;  // problems are alike, where a LoRA is of another model

/// The tensors of one module before they are checked.
struct Found {
  const io::TensorView *down = nullptr, *up = nullptr, *alpha = nullptr;
};
using FoundModules = std::map<std::string, Found, std::less<>>;

std::vector<int64_t> without_kernel(std::vector<int64_t> shape) {
  if (shape.size() == 4 && shape[2] == 1 && shape[3] == 1) shape.resize(2);
  return shape;
}

bool is_matrix_or_kernel(const io::TensorView& view) { return (view.shape.size() == 2 || view.shape.size() == 4) && view.num_values() > 0; }

/// What is wrong with the sizes of a pair for the module; "" = nothing.
std::string shape_problem(const LoraTarget& target, const io::TensorView& down, const io::TensorView& up) {
  if (!is_matrix_or_kernel(down) || !is_matrix_or_kernel(up)) {
    return concat("expected matrices or kernels, got down ", io::shape_text(down.shape), ", up ", io::shape_text(up.shape));
  }
  if (down.shape[0] != up.shape[1]) return concat("ranks differ: down ", io::shape_text(down.shape), ", up ", io::shape_text(up.shape));
  std::vector<int64_t> expected_down = target.weight_shape, expected_up{target.weight_shape[0], down.shape[0]};
  expected_down[0] = down.shape[0];
  if (without_kernel(down.shape) == without_kernel(expected_down) && without_kernel(up.shape) == expected_up) return "";
  return concat("the module is ", io::shape_text(target.weight_shape), ", got down ", io::shape_text(down.shape), ", up ", io::shape_text(up.shape));
}

/// Reads the files of one adapter and collects what is wrong.
class Reader {
 public:
  Reader(const LoraTargets& targets, const LoraReadConfig& config, LoraFile& lora) : targets_(targets), config_(config), lora_(lora) {}

  /// `peft`: strength by settings instead of by alpha entries; `only`: the part that names without prefix are of.
  void read(const fs::path& path, std::optional<AdapterConfig> peft, std::optional<SdPart> only) {
    const auto file = std::make_shared<const io::SafetensorsFile>(path);
    lora_.files.push_back(file);
    lora_.metadata.insert(file->metadata().begin(), file->metadata().end());
    for (const auto& [name, found] : modules_of(*file)) {
      const bool is_alpha_alone = found.down == nullptr && found.up == nullptr;
      if (is_alpha_alone && has_other_kind_) continue;  // of what was refused
      add_pair(*file, name, found, peft, only);
    }
  }

  void finish() {
    if (!lora_.skipped.empty()) {
      log_warn("[read_lora] ", lora_.path.string(), ": ", lora_.skipped.size(), " modules that the model does not have are left out: ",
               lora_.skipped.front(), lora_.skipped.size() > 1 ? ", …" : "");
    }
    if (problems_.empty() && lora_.pairs.empty()) problem("LORA_KIND: no tensor of a LoRA");
    if (problems_.empty()) return;
    std::string text = concat("[read_lora] ", lora_.path.string(), ": ", problems_.size(), problems_.size() == 1 ? " problem" : " problems");
    for (size_t i = 0; i < std::min(problems_.size(), kMaxListed); ++i) text += (i == 0 ? ": " : "; ") + problems_[i];
    if (problems_.size() > kMaxListed) text += concat("; and ", problems_.size() - kMaxListed, " more");
    throw InvalidInput(text);
  }

 private:
  void problem(std::string text) { problems_.push_back(std::move(text)); }

  FoundModules modules_of(const io::SafetensorsFile& file) {
    FoundModules modules;
    std::set<std::string_view> refused;
    for (const io::TensorView& tensor : file.tensors()) {
      const auto key = parse_lora_key(tensor.name);
      if (!key) {
        const std::string_view kind = foreign_adapter(tensor.name);
        has_other_kind_ = true;
        if (refused.insert(kind).second) problem(concat("LORA_KIND: ", tensor.name, " belongs to ", kind.empty() ? "no known kind of LoRA" : kind));
        continue;
      }
      Found& found = modules[key->module];
      const io::TensorView*& half = key->half == LoraHalf::down ? found.down : key->half == LoraHalf::up ? found.up : found.alpha;
      if (half != nullptr) problem(concat("LORA_KIND: ", key->module, ": stored twice, as ", half->name, " and ", tensor.name));
      half = &tensor;
    }
    return modules;
  }

  void add_pair(const io::SafetensorsFile& file, const std::string& name, const Found& found, const std::optional<AdapterConfig>& peft,
                std::optional<SdPart> only) {
    if (found.down == nullptr || found.up == nullptr) {
      return problem(concat("LORA_HALF: ", name, ": ", found.up != nullptr ? "up" : found.down != nullptr ? "down" : "alpha", " without ",
                            found.down == nullptr ? "down" : "up"));
    }
    const LoraTarget* target = find_target(targets_, name, only);
    if (target == nullptr) {
      if (!config_.skip_missing) return problem(concat("LORA_TARGET: the model has no module ", name));
      lora_.skipped.push_back(name);
      return;
    }
    if (const std::string text = shape_problem(*target, *found.down, *found.up); !text.empty()) return problem(concat("LORA_SHAPE: ", name, ": ", text));
    for (const io::TensorView* half : {found.down, found.up}) io::require_finite(*half, file.path());
    const auto alpha = alpha_of(*target, found, peft);
    if (!alpha || !std::isfinite(*alpha)) return problem(concat("LORA_SHAPE: ", name, ": alpha is no finite number"));
    lora_.pairs.push_back({*target, *found.down, *found.up, *alpha});
  }

  std::optional<double> alpha_of(const LoraTarget& target, const Found& found, const std::optional<AdapterConfig>& peft) const {
    const int64_t rank = found.down->shape[0];
    if (found.alpha != nullptr) {
      if (found.alpha->num_values() != 1) return std::nullopt;
      return io::to_float32(*found.alpha)[0];
    }
    if (peft) return peft->alpha(target.module, rank);
    if (const auto settings = diffusers_settings(target.part)) return settings->alpha(target.module, rank);
    return static_cast<double>(rank);
  }

  /// Settings of a part in the metadata of diffusers: a JSON object of "unet.lora_alpha" and so on.
  std::optional<AdapterConfig> diffusers_settings(SdPart part) const {
    const auto stored = lora_.metadata.find(kDiffusersMetadata);
    if (stored == lora_.metadata.end()) return std::nullopt;
    const std::string where = concat(lora_.path.string(), ": ", kDiffusersMetadata), prefix = concat(name_of(part), ".");
    const Json all = parse_json(stored->second, where);
    VITRINE_REQUIRE(all.is_object(), "[read_lora] ", where, ": expected an object");
    Json settings = Json::object();
    for (const auto& [key, value] : all.items()) {
      if (key.starts_with(prefix)) settings[key.substr(prefix.size())] = value;
    }
    return settings.empty() ? std::nullopt : std::optional(AdapterConfig(settings, where));
  }

  const LoraTargets& targets_;
  const LoraReadConfig& config_;
  LoraFile& lora_;
  std::vector<std::string> problems_;
  bool has_other_kind_ = false;
};

AdapterConfig read_adapter_config(const fs::path& dir) {
  const fs::path path = dir / kPeftConfig;
  return AdapterConfig(read_json_file(path), path.string());
}

LoraDialect dialect_of(const io::SafetensorsFile& file) {
  const auto starts = [&](std::string_view start) {
    return std::any_of(file.tensors().begin(), file.tensors().end(), [&](const io::TensorView& tensor) { return tensor.name.starts_with(start); });
  };
  if (starts("lora_")) return LoraDialect::kohya;
  return starts("base_model.model.") ? LoraDialect::peft : LoraDialect::diffusers;
}

/// adapter_model.safetensors of a folder. Throws NotFound, InvalidInput (WGT_PICKLE) when only adapter_model.bin is there.
fs::path peft_file(const fs::path& dir) {
  if (!fs::exists(dir / kPeftFile) && fs::exists(dir / "adapter_model.bin")) io::SafetensorsFile(dir / "adapter_model.bin");
  return dir / kPeftFile;
}

void read_peft_directory(Reader& reader, const fs::path& dir) {
  bool any = false;
  for (const SdPart part : {SdPart::unet, SdPart::text_encoder}) {
    const fs::path folder = dir / name_of(part);
    if (!fs::exists(folder / kPeftConfig)) continue;
    reader.read(peft_file(folder), read_adapter_config(folder), part);
    any = true;
  }
  if (any) return;
  if (!fs::exists(dir / kPeftConfig)) throw NotFound(concat("[read_lora] ", dir.string(), ": no ", kPeftConfig, ", here or in unet/ and text_encoder/"));
  reader.read(peft_file(dir), read_adapter_config(dir), std::nullopt);
}

std::vector<LoraPair> pairs_of(const std::vector<LoraPair>& pairs, SdPart part) {
  std::vector<LoraPair> chosen;
  std::copy_if(pairs.begin(), pairs.end(), std::back_inserter(chosen), [&](const LoraPair& pair) { return pair.target.part == part; });
  return chosen;
}

}  // namespace

std::string_view name_of(LoraDialect dialect) {
  constexpr std::array<std::string_view, 3> kNames{"kohya", "diffusers", "peft"};
  return kNames[static_cast<size_t>(dialect)];
}

LoraFile read_lora(const fs::path& path, const LoraTargets& targets, const LoraReadConfig& config) {
  if (!fs::exists(path)) throw NotFound(concat("[read_lora] ", path.string(), ": no such file"));
  LoraFile lora;
  lora.path = path;
  Reader reader(targets, config, lora);
  if (fs::is_directory(path)) {
    lora.dialect = LoraDialect::peft;
    read_peft_directory(reader, path);
  } else {
    // adapter_model.safetensors of PEFT may be named itself.
    const bool has_config = fs::exists(path.parent_path() / kPeftConfig) && path.filename() == kPeftFile;
    reader.read(path, has_config ? std::optional(read_adapter_config(path.parent_path())) : std::nullopt, std::nullopt);
    lora.dialect = dialect_of(*lora.files.front());
    VITRINE_REQUIRE(lora.dialect != LoraDialect::peft || has_config, "[read_lora] ", path.string(), ": a file of PEFT needs ", kPeftConfig,
                    " beside ", kPeftFile);
  }
  reader.finish();
  return lora;
}

std::optional<std::string> base_sha256_of(const LoraFile& lora) {
  for (const char* key : {"base_sha256", "ss_new_sd_model_hash"}) {
    const auto found = lora.metadata.find(key);
    if (found == lora.metadata.end() || found->second.size() != 64) continue;
    std::string hash = found->second;
    std::transform(hash.begin(), hash.end(), hash.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return hash;
  }
  return std::nullopt;
}

void warn_of_other_base(const LoraFile& lora, const StableDiffusionFiles& files) {
  const auto expected = base_sha256_of(lora);
  if (!expected) return;
  const std::string actual = part_sha256(files, SdPart::unet);
  if (*expected == actual) return;
  log_warn("[read_lora] ", lora.path.string(), ": made for a base with SHA-256 ", *expected, ", the UNet of ", files.path.string(), " has ", actual);
}

namespace {

void save_kohya(const fs::path& path, const std::vector<LoraPair>& pairs, const LoraSaveConfig& config) {
  std::vector<float> alphas;
  for (const LoraPair& pair : pairs) alphas.push_back(static_cast<float>(pair.alpha));
  std::vector<TensorCopy> copies;
  for (size_t i = 0; i < pairs.size(); ++i) {
    const std::string name = kohya_name(pairs[i].target);
    const io::TensorView alpha{name + ".alpha", io::DType::F32, {}, std::as_bytes(std::span(&alphas[i], 1))};
    copies.push_back({.name = alpha.name, .shape = {}, .pieces = {alpha}, .keeps_type = true});
    copies.push_back(copy_as(name + ".lora_down.weight", pairs[i].down));
    copies.push_back(copy_as(name + ".lora_up.weight", pairs[i].up));
  }
  save_copies(path, copies, config.dtype, config.metadata);
}

std::vector<TensorCopy> matrix_copies(const std::vector<LoraPair>& pairs, const std::function<std::string(const LoraTarget&)>& prefix) {
  std::vector<TensorCopy> copies;
  for (const LoraPair& pair : pairs) {
    const std::string name = prefix(pair.target) + pair.target.module;
    copies.push_back(copy_as(name + ".lora_A.weight", pair.down));
    copies.push_back(copy_as(name + ".lora_B.weight", pair.up));
  }
  return copies;
}

void save_diffusers_lora(const fs::path& path, const std::vector<LoraPair>& pairs, const LoraSaveConfig& config) {
  Json settings = Json::object();
  for (const SdPart part : {SdPart::unet, SdPart::text_encoder}) {
    const std::vector<LoraPair> chosen = pairs_of(pairs, part);
    if (chosen.empty()) continue;
    const Json of_part = adapter_config(chosen);
    for (const auto& [key, value] : of_part.items()) settings[concat(name_of(part), ".", key)] = value;
  }
  std::map<std::string, std::string> metadata = config.metadata;
  metadata[kDiffusersMetadata] = dump_line(settings);
  const auto copies = matrix_copies(pairs, [](const LoraTarget& target) { return concat(name_of(target.part), "."); });
  save_copies(path, copies, config.dtype, metadata);
}

void save_peft_folder(const fs::path& dir, const std::vector<LoraPair>& pairs, const LoraSaveConfig& config) {
  fs::create_directories(dir);
  const auto copies = matrix_copies(pairs, [](const LoraTarget&) { return std::string("base_model.model."); });
  save_copies(dir / kPeftFile, copies, config.dtype, config.metadata);
  write_file_atomic(dir / kPeftConfig, dump_pretty(adapter_config(pairs)));
}

void save_peft(const fs::path& dir, const std::vector<LoraPair>& pairs, const LoraSaveConfig& config) {
  const auto unet = pairs_of(pairs, SdPart::unet), text = pairs_of(pairs, SdPart::text_encoder);
  if (unet.empty() || text.empty()) return save_peft_folder(dir, pairs, config);
  save_peft_folder(dir / name_of(SdPart::unet), unet, config);
  save_peft_folder(dir / name_of(SdPart::text_encoder), text, config);
}

}  // namespace

void save_lora(const fs::path& path, const std::vector<LoraPair>& pairs, LoraDialect dialect, const LoraSaveConfig& config) {
  VITRINE_REQUIRE(!pairs.empty(), "[save_lora] ", path.string(), ": there is nothing to save");
  switch (dialect) {
    case LoraDialect::kohya: return save_kohya(path, pairs, config);
    case LoraDialect::diffusers: return save_diffusers_lora(path, pairs, config);
    case LoraDialect::peft: return save_peft(path, pairs, config);
  }
}

}  // namespace vitrine::models
